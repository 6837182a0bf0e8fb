// SPDX-License-Identifier: Apache-2.0
// TCP in memory: hosts, listeners, and connections as two pipes of bytes. A value, and a state machine: it does no I/O,
// knows no clock and calls nobody. Whoever drives it hands in the time, asks when the next thing arrives
// (`nextArrival`), moves it on (`advance(to:)`), and learns what became possible. So it can be tested alone.
//
// It is modelled on what a program sees of Linux: calls that never wait (EAGAIN), readiness, errno values, half-closed
// and reset connections. Below that it is simpler than TCP. Packets are never lost, corrupted or reordered: each takes
// the latency from one end to the other. A sender may have `window` bytes on the way or unread at its peer; what the
// peer reads comes back as room after another latency. So a peer that never reads stops its sender, and the most that
// a connection carries is a window for each round trip.

package import AsyncIOCore
import Glibc

/// The network of a loop with virtual time: named hosts, and TCP and UDP between them in memory.
///
/// The test itself is on the host `localhost`, which is 127.0.0.1, ::1, and 10.0.0.1 to the others. Further hosts are
/// added by name. They live in the same loop: a server that listens at a host's address is on that host.
///
/// ```swift
/// @Test(.virtualTime) func asksTheDatabase() async throws {
///   let db = VirtualNetwork.host("db")
///   let server = try await startServer(host: db.host, port: 5432) { reader, writer in
///     try await writer.write("ready\n")
///   }
///   let (reader, _) = try await openConnection(host: "db", port: 5432)
///   #expect(try await reader.readLine() == "ready")
///   server.close()
/// }
/// ```
///
/// Everything between two ends takes one millisecond each way, on the same host too, so that a connection is open two
/// milliseconds after it was asked for. Nothing is lost or reordered. 64 KiB fit between a sender and a peer that does
/// not read.
public struct VirtualNetwork {
  /// What connects two ends of a connection; the other end is named by its number.
  struct Endpoint {
    var local: SocketAddress
    var peer: SocketAddress
    /// The other end; nil until the connection is open on this one.
    var other: Int?
    /// Nil until the connection was accepted.
    var descriptor: Int32?
    var received = ByteQueue()
    /// How much may be sent now.
    var room: Int
    /// How much the peer has read.
    var acknowledged = 0
    /// A send did not fit and waits for room.
    var isBlocked = false
    var hasEnded = false
    var peerHasEnded = false
    var isReset = false
    /// What the next call fails with, once; SO_ERROR.
    var error: Int32 = 0
    var resetsOnClose = false
  }

  struct Listener {
    var address: SocketAddress
    var backlog: Int
    var reusesPort: Bool
    /// Otherwise it only has its address.
    var isListening: Bool
    /// Connections that wait to be accepted.
    var queue: [Int] = []
  }

  /// What a descriptor stands for.
  enum Socket {
    /// Not connected yet.
    case idle(resetsOnClose: Bool, local: SocketAddress?)
    case listener(Listener)
    case endpoint(Int)
    /// Its state is in `datagramSockets`.
    case datagrams
  }

  /// What became possible.
  package enum Event: Equatable {
    /// `connect` is over; the result is 0 or a negative errno.
    case connected(Int32, result: Int32)
    case acceptable(Int32)
    case readable(Int32)
    case writable(Int32)
  }

  /// Nanoseconds from one end to the other.
  package var latency: Int64
  /// Bytes on the way or unread, for each direction of a connection.
  package let window: Int
  /// Descriptors that can be open at a time; RLIMIT_NOFILE.
  package var descriptorLimit: Int

  var hosts: [String: SocketAddress] = [:]
  var hostNames: [SocketAddress: String] = [:]
  var descriptors = DescriptorTable()
  var listeners: [SocketAddress: [Int32]] = [:]
  var endpoints: [Int: Endpoint] = [:]
  var datagramSockets: [Int32: VirtualDatagramSocket] = [:]
  /// The sockets of datagrams at a port, or of a Unix name, in the order in which they were bound.
  var datagramPorts: [VirtualDatagramPort: [Int32]] = [:]
  /// What becomes of a datagram: how long each of its copies is on the way, in nanoseconds. None: it is lost.
  package var delaysOfDatagram: ((_ from: SocketAddress, _ to: SocketAddress, _ length: Int) -> [Int64])?
  var packets = PacketQueue()
  /// What became possible by a call, and is told by the next `advance`.
  var news: [Event] = []
  private var lastEndpoint = 0
  private var lastPort: UInt16 = 32_767

  package init(latency: Duration = .milliseconds(1), window: Int = 64 * 1024, descriptorLimit: Int = 1024) {
    self.latency = latency.clampedNanoseconds
    self.window = window
    self.descriptorLimit = descriptorLimit
    _ = addHost("localhost")
  }

  /// How many descriptors are open.
  package var openDescriptors: Int { descriptors.count }

  // MARK: - Names of things

  mutating func add(_ endpoint: Endpoint) -> Int {
    lastEndpoint += 1
    endpoints[lastEndpoint] = endpoint
    return lastEndpoint
  }

  /// The next port of Linux's ephemeral range that nobody listens at.
  mutating func ephemeralPort() -> UInt16 {
    var tries = 0
    repeat {
      lastPort = lastPort >= 60_999 ? 32_768 : lastPort + 1
      tries += 1
      precondition(tries < 30_000, "every ephemeral port has a listener")
    } while listeners.keys.contains { $0.port == lastPort } || datagramPorts[.port(lastPort)] != nil
    return lastPort
  }

  mutating func open(_ socket: Socket) throws(VirtualErrno) -> Int32 {
    guard descriptors.count < descriptorLimit else { throw VirtualErrno(EMFILE) }
    return descriptors.insert(socket)
  }

  package func localAddress(of descriptor: Int32) -> SocketAddress? {
    switch descriptors[descriptor] {
    case .listener(let listener): listener.address
    case .endpoint(let id): endpoints[id]?.local
    case .datagrams: datagramSockets[descriptor]?.local
    case .idle, nil: nil
    }
  }

  package func peerAddress(of descriptor: Int32) -> SocketAddress? {
    if let socket = datagramSockets[descriptor] { return socket.peer }
    guard case .endpoint(let id) = descriptors[descriptor], let endpoint = endpoints[id], endpoint.other != nil else {
      return nil
    }
    return endpoint.peer
  }
}

/// Why the network refused.
package struct VirtualErrno: Error, Equatable {
  package let code: Int32
  package init(_ code: Int32) { self.code = code }
}
