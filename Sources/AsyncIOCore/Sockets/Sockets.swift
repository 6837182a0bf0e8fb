// SPDX-License-Identifier: Apache-2.0
// The half of the seam that needs no operation: what sockets and pipes do at once. They are made, bound and closed,
// take and give the bytes that fit, and tell what they are. `KernelSockets` serves every backend on a kernel; a network
// in memory brings its own. Called on the loop's thread only.
//
// A send is tried here, as a call, before it becomes an operation. It nearly always fits, and then the writer neither
// waits nor leaves a buffer behind. A datagram leaves or doesn't, so sending one is always a call. To wait for room is
// an operation (`.poll`), and so is receiving.

import Glibc

package protocol Sockets: AnyObject {
  // MARK: Sockets and pipes

  /// A socket that listens, with its address taken.
  func listen(at address: SocketAddress, options: ListenOptions) throws -> Int32

  /// Lets a socket listen that was made with `startsListening` off.
  func startListening(_ descriptor: Int32, backlog: Int32) throws

  /// A second number for a descriptor, for another loop of this process.
  func duplicate(_ descriptor: Int32) throws -> Int32

  /// How much of the output of a connection its peer has taken, in bytes: what was sent stands still when nobody reads
  /// it, however much room there is in between. Only differences mean something.
  func acknowledgedBytes(of descriptor: Int32) -> Int

  /// Whether the peer of a connection has ended its stream, after bytes of which `received` were taken: a receive that
  /// gives 0 says no more than that nothing will come. Nil if that can't be told.
  func hasEnded(_ descriptor: Int32, after received: Int) -> Bool?

  /// How many descriptors the process may have open (RLIMIT_NOFILE).
  var descriptorLimit: Int { get }

  /// The file of a Unix socket that listens at a path; nil if the address has none.
  func socketFile(of address: SocketAddress) -> SocketFile?

  /// Removes the file of a socket that is closed, unless somebody else's is there by now.
  func remove(_ file: SocketFile)

  /// A socket to connect, with an address of its own if that is to be a certain one.
  func makeSocket(for address: SocketAddress, from local: SocketAddress?) throws -> Int32

  /// Two connected sockets without names (socketpair(2)).
  func makeSocketPair() throws -> (Int32, Int32)

  /// Takes over a descriptor that somebody else has made, and says what it is. From now on its operations belong to
  /// this backend, which may change its flags (O_NONBLOCK).
  func adopt(_ descriptor: Int32) throws -> DescriptorKind

  /// The same without taking it over.
  func kind(of descriptor: Int32) throws -> DescriptorKind

  /// Two ends of a pipe (pipe2(2)): what is written to the second can be read from the first.
  func makePipe() throws -> (reading: Int32, writing: Int32)

  /// A descriptor of this backend's own for the standard input, output or error, which other processes may share.
  func openStandard(_ descriptor: Int32) throws -> Int32

  /// Whether waiting for readiness and receiving then is cheaper than a receive operation.
  var prefersReadiness: Bool { get }

  /// Sends what fits without waiting: the number of bytes, or a negative errno.
  func send(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int

  /// Writes what fits into a pipe without waiting, where that can be had: the number of bytes, or a negative errno.
  func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int

  /// Receives what is there without waiting: the number of bytes, 0 at the end, or a negative errno.
  func receive(into buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32) -> Int

  /// Whether a receive would find something now: bytes, the end, or an error; nothing is taken (poll(2)).
  func isReadable(_ descriptor: Int32) -> Bool

  /// Ends the stream to the peer (shutdown(2), SHUT_WR): 0 or a negative errno.
  func shutdownWriting(_ descriptor: Int32) -> Int32

  func localAddress(of descriptor: Int32) -> SocketAddress?
  func peerAddress(of descriptor: Int32) -> SocketAddress?

  /// Closes a descriptor. `Backend.close(descriptor:)` is the one to call: it has the backend forget it before.
  func close(_ descriptor: Int32)

  /// Whether the backend's world has names of its own: then nobody else is asked for them.
  var hasOwnNames: Bool { get }

  /// The addresses of a host, where the backend knows them without asking libc.
  func addresses(ofHost host: String, port: UInt16) -> [SocketAddress]?

  /// The name of a host's address, in a world that has names of its own.
  func hostName(of address: SocketAddress) -> String?

  // MARK: Several buffers, files

  /// Sends what fits of several buffers without waiting (sendmsg(2)): the number of bytes, or a negative errno.
  func send(_ buffers: [UnsafeRawBufferPointer], to descriptor: Int32) -> Int

  /// Sends what fits of a file without copying it through the process (sendfile(2)): the number of bytes, 0 at the end
  /// of the file, or a negative errno; EINVAL where that can't be had.
  func sendFile(_ file: Int32, from offset: Int, count: Int, to descriptor: Int32) -> Int

  // MARK: Datagrams

  /// A socket of datagrams that has an address, or a peer, or both.
  func openDatagramSocket(
    at local: SocketAddress?, connectedTo peer: SocketAddress?, options: [SocketOption]
  ) throws -> Int32

  /// Sends one datagram, to its peer if the socket is connected: its length, or a negative errno.
  func send(datagram bytes: UnsafeRawBufferPointer, to peer: SocketAddress?, from descriptor: Int32) -> Int

  /// Sends the first of several datagrams, as many as one call takes: their number, or the first one's negative errno.
  ///
  /// - Parameter segmenting: Whether the kernel may be handed a row of datagrams of one length to one peer as a whole.
  func send(
    datagrams: UnsafeBufferPointer<DatagramEntry>, of bytes: UnsafeRawBufferPointer, segmenting: Bool,
    from descriptor: Int32
  ) -> Int

  // MARK: Options

  /// Sets an option: 0 or a negative errno.
  ///
  /// - Parameter family: What the socket's addresses are of: IPv4 and IPv6 have options of their own.
  func set(_ option: SocketOption, of descriptor: Int32, family: SocketAddress.Family) -> Int32

  /// The value of an integer option (getsockopt(2)).
  func value(of option: SocketOption.Name, of descriptor: Int32) throws -> Int32
}

extension Sockets {
  /// Sets an option that is one for every family.
  @discardableResult
  package func set(_ option: SocketOption, of descriptor: Int32) -> Int32 {
    set(option, of: descriptor, family: .ipv4)
  }
}

package struct ListenOptions {
  package var backlog: Int32 = 100
  package var reuseAddress = true
  package var reusePort = false
  /// SO_KEEPALIVE, which the connections inherit.
  package var keepAlive = false
  /// Otherwise it has its address, and refuses connections until `startListening`.
  package var startsListening = true

  package init(
    backlog: Int32 = 100, reuseAddress: Bool = true, reusePort: Bool = false, keepAlive: Bool = false,
    startsListening: Bool = true
  ) {
    self.backlog = backlog
    self.reuseAddress = reuseAddress
    self.reusePort = reusePort
    self.keepAlive = keepAlive
    self.startsListening = startsListening
  }
}

/// What a descriptor is, as far as it matters to a stream.
package enum DescriptorKind: Equatable {
  /// Of bytes without boundaries (SOCK_STREAM).
  case socket, listeningSocket
  /// One that keeps messages apart, SOCK_DGRAM or SOCK_SEQPACKET, whether it listens or not: who receives less than a
  /// whole message loses the rest.
  case messageSocket
  case pipe
  /// A character device: a terminal, /dev/null.
  case terminal
  /// A file of a file system, read and written at its position.
  case file
  /// What has no type: an eventfd, a timerfd.
  case anonymous
}

/// One of several datagrams whose bytes lie in one place.
package struct DatagramEntry: Sendable {
  package var offset: Int
  package var length: Int
  /// Where it comes from or goes to.
  package var peer: SocketAddress?
  /// Where it was sent to, without the port.
  package var destination: SocketAddress?
  /// The index of the interface it arrived at; 0 if nobody asked.
  package var interface: UInt32
  package var isTruncated: Bool

  package init(
    offset: Int, length: Int, peer: SocketAddress?, destination: SocketAddress? = nil, interface: UInt32 = 0,
    isTruncated: Bool = false
  ) {
    self.offset = offset
    self.length = length
    self.peer = peer
    self.destination = destination
    self.interface = interface
    self.isTruncated = isTruncated
  }
}
