// SPDX-License-Identifier: Apache-2.0
// The seam below which the world begins: time, descriptors, and operations that complete. A backend belongs to one
// loop and is called on its thread, `wake` excepted. Above it nothing knows what kind of system stands below: a kernel
// with completions (io_uring), one with readiness (epoll), or a simulation.

import CLinux
import Glibc

/// The kinds of backend.
public enum BackendKind: String, Sendable, CustomStringConvertible {
  case ioUring = "io_uring"
  case epoll
  case virtual

  public var description: String { rawValue }
}

package protocol Backend: StreamDriver, DatagramDriver {
  var kind: BackendKind { get }

  // MARK: Time

  /// Nanoseconds on a clock that only goes forward.
  var now: Int64 { get }

  /// The delay to take for one that somebody computed from the machine's clocks, as `Task.sleep` does: where time is
  /// virtual, without the microseconds that passed in between.
  func delay(fromForeignClock nanoseconds: Int64) -> Int64

  /// The deadline to wait for if wakes are to be that many nanoseconds apart.
  func coalesced(_ deadline: Int64, within nanoseconds: Int64) -> Int64

  // MARK: Operations

  func submit(_ record: UnsafeMutablePointer<OperationRecord>)
  func cancel(_ record: UnsafeMutablePointer<OperationRecord>)

  /// Whether there is something to hand over or to take without waiting.
  var wantsTurn: Bool { get }

  /// Hands over what was submitted and takes completions. Waits for the first one, for `wake`, or for the time
  /// `deadline` (nil: forever; `Int64.min`: not at all).
  func turn(until deadline: Int64?, of loop: EventLoop)

  /// Ends a `turn` that waits, or the next one. From any thread.
  func wake()

  /// A descriptor that `wake` writes eight bytes to, for a signal handler, which can do nothing else; -1 if the backend
  /// has none.
  var wakeDescriptor: Int32 { get }

  /// System calls made so far.
  var systemCalls: Int { get }

  /// Gives up everything of the system's. Called once, with no operation of interest in flight.
  func close()

  // MARK: What completes at once

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

  /// Takes over a descriptor that somebody else has made, and says what it is. From now on its operations belong to this
  /// backend, which may change its flags (O_NONBLOCK).
  func adopt(_ descriptor: Int32) throws -> DescriptorKind

  /// The same without taking it over.
  func kind(of descriptor: Int32) throws -> DescriptorKind

  /// Two ends of a pipe (pipe2(2)): what is written to the second can be read from the first.
  func makePipe() throws -> (reading: Int32, writing: Int32)

  /// A descriptor of this backend's own for the standard input, output or error, which other processes may share.
  func openStandard(_ descriptor: Int32) throws -> Int32

  /// Whether waiting for readiness and receiving then is cheaper than a receive operation.
  var prefersReadiness: Bool { get }

  /// Whether a small send is cheaper as an operation, handed over with the turn's one system call, than as a call of its
  /// own. Where nothing else is handed over it is not.
  func batchesSend(whileJobsAreReady: Bool) -> Bool

  /// Sends what fits without waiting: the number of bytes, or a negative errno.
  func send(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int

  /// Writes what fits into a pipe without waiting, where that can be had: the number of bytes, or a negative errno.
  func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int

  /// Receives what is there without waiting: the number of bytes, 0 at the end, or a negative errno.
  func receive(into buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32) -> Int

  /// Whether a receive would find something now: bytes, the end, or an error; nothing is taken (poll(2)). True where a
  /// completion that nobody has looked at may be just that.
  func isReadable(_ descriptor: Int32) -> Bool

  /// Ends the stream to the peer (shutdown(2), SHUT_WR): 0 or a negative errno.
  func shutdownWriting(_ descriptor: Int32) -> Int32

  func localAddress(of descriptor: Int32) -> SocketAddress?
  func peerAddress(of descriptor: Int32) -> SocketAddress?
  func setOption(_ option: SocketOption, of descriptor: Int32)

  /// Closes a descriptor that no operation uses any more.
  func close(descriptor: Int32)

  /// Whether the backend's world has names of its own: then nobody else is asked for them.
  var hasOwnNames: Bool { get }

  /// The addresses of a host, where the backend knows them without asking libc.
  func addresses(ofHost host: String, port: UInt16) -> [SocketAddress]?

  /// The name of a host's address, in a world that has names of its own.
  func hostName(of address: SocketAddress) -> String?
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

package enum SocketOption {
  /// Small writes leave at once (TCP_NODELAY).
  case noDelay
  /// `close` resets the connection instead of ending it (SO_LINGER of 0 seconds).
  case resetOnClose
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

/// A descriptor with one owner, closed when that lets go of it.
package struct Descriptor: ~Copyable {
  package let number: Int32
  private let backend: any Backend

  package init(_ number: Int32, of backend: any Backend) {
    self.number = number
    self.backend = backend
  }

  deinit { backend.close(descriptor: number) }
}
