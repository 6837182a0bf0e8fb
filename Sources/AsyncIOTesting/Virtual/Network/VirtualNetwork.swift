// SPDX-License-Identifier: Apache-2.0
// TCP in memory: hosts, listeners, and connections as two pipes of bytes. It is a value and a state machine: it does no
// I/O, reads no clock and calls nothing. Its driver hands in the time, asks when the next packet arrives
// (`nextArrival`), moves the network on (`advance(to:)`), and learns what became possible. So it can be tested alone.
//
// It models what a program sees of Linux: calls that never wait (EAGAIN), readiness, errno values, half-closed and
// reset connections. Below that it is simpler than TCP. Packets are never lost, corrupted or reordered: each takes the
// latency from one end to the other. A sender may have `window` bytes in flight or unread at its peer. What the peer
// reads becomes room at the sender after another latency. So a peer that never reads stops its sender, and a connection
// carries at most one window per round trip.

public import AsyncIOCore
import Glibc

/// The network of a loop with virtual time: named hosts, with TCP and UDP between them in memory.
///
/// The test itself runs on the host `localhost`, which is 127.0.0.1, ::1, and 10.0.0.1 to the others. Further hosts are
/// added by name and live in the test's loop. A server that listens at a host's address is on that host.
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
/// Each packet takes one millisecond, even within a host. So a connection is open two milliseconds after the request.
/// Nothing is lost or reordered. 64 KiB fit between a sender and a peer that does not read.
public struct VirtualNetwork {
  /// One end of a connection; the other end is named by its number.
  struct Endpoint {
    var local: SocketAddress
    var peer: SocketAddress
    /// The other end's number; nil until the connection is open at this end.
    var other: Int?
    /// The descriptor; nil until the connection was accepted.
    var descriptor: Int32?
    var received = ByteQueue()
    /// How many bytes may be sent now.
    var room: Int
    /// How many bytes the peer has read.
    var acknowledged = 0
    /// Whether a send did not fit, and waits for room.
    var isBlocked = false
    var hasEnded = false
    var peerHasEnded = false
    var isReset = false
    /// The error of the next call, reported once; SO_ERROR.
    var error: Int32 = 0
    var resetsOnClose = false
  }

  struct Listener {
    var address: SocketAddress
    var backlog: Int
    var reusesPort: Bool
    /// Whether it listens; otherwise it only has its address.
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
    /// A datagram socket, whose state is in `datagramSockets`.
    case datagrams
    /// /dev/null.
    case null
    /// A child process, which is readable when it has ended.
    case process(hasEnded: Bool)
  }

  /// Something that became possible.
  package enum Event: Equatable {
    /// `connect` has ended; the result is 0 or a negative errno.
    case connected(Int32, result: Int32)
    case acceptable(Int32)
    case readable(Int32)
    case writable(Int32)
  }

  /// Nanoseconds from one end to the other.
  package var latency: Int64
  /// The most bytes in flight or unread, for each direction of a connection.
  package let window: Int
  /// How many descriptors can be open at once; RLIMIT_NOFILE.
  package var descriptorLimit: Int

  var hosts: [String: SocketAddress] = [:]
  var hostNames: [SocketAddress: String] = [:]
  var descriptors = DescriptorTable()
  var listeners: [SocketAddress: [Int32]] = [:]
  var endpoints: [Int: Endpoint] = [:]
  var datagramSockets: [Int32: VirtualDatagramSocket] = [:]
  /// The datagram sockets at a port, or of a Unix name, in the order of binding.
  var datagramPorts: [VirtualDatagramPort: [Int32]] = [:]
  /// The fate of a datagram: the delay of each of its copies, in nanoseconds. Without copies, it is lost.
  package var delaysOfDatagram: ((_ from: SocketAddress, _ to: SocketAddress, _ length: Int) -> [Int64])?
  var packets = PacketQueue()
  /// Events of calls, which the next `advance` reports.
  var news: [Event] = []
  private var lastEndpoint = 0
  private var lastPort: UInt16 = 32_767

  package init(latency: Duration = .milliseconds(1), window: Int = 64 * 1024, descriptorLimit: Int = 1024) {
    self.latency = latency.clampedNanoseconds
    self.window = window
    self.descriptorLimit = descriptorLimit
    _ = addHost("localhost")
  }

  /// The number of open descriptors.
  package var openDescriptors: Int { descriptors.count }

  // MARK: - Names of things

  mutating func add(_ endpoint: Endpoint) -> Int {
    lastEndpoint += 1
    endpoints[lastEndpoint] = endpoint
    return lastEndpoint
  }

  /// The next port of Linux's ephemeral range that has no listener.
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
    case .idle, .null, .process, nil: nil
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

/// The reason of a refused call.
package struct VirtualErrno: Error, Equatable {
  package let code: Int32
  package init(_ code: Int32) { self.code = code }
}

extension VirtualNetwork {
  /// The address of a host in the current loop's network, with port 0. An unknown name adds a host, whose address is
  /// the next of 10.0.0.2, 10.0.0.3 and so on. Upper and lower case do not matter.
  ///
  /// Call it only on a loop with virtual time: within `.virtualTime` or `withVirtualTime`.
  @discardableResult
  public static func host(_ name: String) -> SocketAddress {
    guard let backend = EventLoop.onThisThread?.backend as? VirtualBackend else {
      preconditionFailure("VirtualNetwork.host(\"\(name)\"): no loop with virtual time runs on this thread")
    }
    return backend.network.addHost(name)
  }
}
