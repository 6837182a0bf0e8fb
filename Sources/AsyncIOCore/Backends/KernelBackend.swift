// SPDX-License-Identifier: Apache-2.0
// What the two backends that stand on a real kernel have in common: the clock, sockets, and the calls that complete at
// once. Sends are tried directly, as a system call, before they become an operation: they nearly always fit, and then
// the writer neither waits nor leaves a buffer behind.

import CLinux
import Glibc

package class KernelBackend: Backend {
  package var kind: BackendKind { preconditionFailure("overridden") }
  @safe @exclusivity(unchecked) package final var systemCalls = 0
  /// An eventfd, written to by `wake`.
  package final let wakeDescriptor: Int32
  @safe @exclusivity(unchecked) final var datagramMessages: DatagramMessages?

  init() throws {
    wakeDescriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
    guard wakeDescriptor >= 0 else { throw SystemError("eventfd", result: -errno) }
  }

  /// Flags for `socket`, besides SOCK_CLOEXEC.
  var socketFlags: Int32 { 0 }
  var listenerFlags: Int32 { 0 }

  // MARK: - What the kernels differ in

  package func submit(_ record: UnsafeMutablePointer<OperationRecord>) { preconditionFailure("overridden") }
  package func cancel(_ record: UnsafeMutablePointer<OperationRecord>) { preconditionFailure("overridden") }
  package var wantsTurn: Bool { preconditionFailure("overridden") }
  package func turn(until deadline: Int64?, of loop: EventLoop) { preconditionFailure("overridden") }

  package func close() {}

  package func openDatagramSocket(
    at local: SocketAddress?, connectedTo peer: SocketAddress?, options: [DatagramOption]
  ) throws -> Int32 {
    try makeDatagramSocket(at: local, connectedTo: peer, options: options)
  }

  // Not in `close`: a thread that entered work in the last moment may be about to `wake`, and the number could be
  // another file's by then. It keeps the loop, and so this object, meanwhile.
  deinit { _ = Glibc.close(wakeDescriptor) }

  package func close(descriptor: Int32) {
    systemCalls &+= 1
    // EINTR: Linux has released the descriptor all the same (close(2)).
    if Glibc.close(descriptor) < 0 { require(errno != EBADF, "descriptor \(descriptor) was closed twice") }
  }

  // MARK: - Time and waking

  package final var now: Int64 { asyncio_monotonic_nanoseconds() }

  package final func delay(fromForeignClock nanoseconds: Int64) -> Int64 { nanoseconds }

  package final func coalesced(_ deadline: Int64, within nanoseconds: Int64) -> Int64 {
    max(deadline, now + nanoseconds)
  }

  package final func wake() {
    // EAGAIN means that the counter is full: it will wake the loop.
    var one: UInt64 = 1
    _ = unsafe Glibc.write(wakeDescriptor, &one, 8)
  }

  // MARK: - Sockets

  package final func listen(at address: SocketAddress, options: ListenOptions) throws -> Int32 {
    let descriptor = try open(address, flags: listenerFlags)
    do {
      if options.reuseAddress && address.family != .unix { set(SOL_SOCKET, SO_REUSEADDR, of: descriptor) }
      if options.reusePort { set(SOL_SOCKET, SO_REUSEPORT, of: descriptor) }
      if options.keepAlive { set(SOL_SOCKET, SO_KEEPALIVE, of: descriptor) }
      // An IPv6 listener takes IPv6 only, whatever the system's default: a second one takes IPv4 at the same port.
      if address.family == .ipv6 { set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, of: descriptor) }
      var isBound = bind(descriptor, to: address)
      if !isBound && errno == EADDRINUSE, let file = socketFile(of: address) {
        // What a server left behind that didn't close.
        if file.isStale() {
          file.remove()
          isBound = bind(descriptor, to: address)
        } else {
          errno = EADDRINUSE
        }
      }
      guard isBound else { throw SystemError("bind", address.description, result: -errno) }
      if options.startsListening { try startListening(descriptor, backlog: options.backlog) }
    } catch {
      _ = Glibc.close(descriptor)
      throw error
    }
    return descriptor
  }

  package final func socketFile(of address: SocketAddress) -> SocketFile? {
    address.unixPath.flatMap { SocketFile(at: $0) }
  }

  package final func remove(_ file: SocketFile) { file.remove() }

  package final func makeSocket(for address: SocketAddress, from local: SocketAddress?) throws -> Int32 {
    let descriptor = try open(address, flags: socketFlags)
    guard let local else { return descriptor }
    // The port is chosen when the connection is made, so that connections to different peers can share one (ip(7)).
    if local.port == 0 { set(Int32(IPPROTO_IP), IP_BIND_ADDRESS_NO_PORT, of: descriptor) }
    guard bind(descriptor, to: local) else {
      let error = SystemError("bind", local.description, result: -errno)
      _ = Glibc.close(descriptor)
      throw error
    }
    return descriptor
  }

  package final func makeSocketPair() throws -> (Int32, Int32) {
    systemCalls &+= 1
    var pair: (Int32, Int32) = (-1, -1)
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | socketFlags
    let result = unsafe withUnsafeMutablePointer(to: &pair) { pointer in
      unsafe pointer.withMemoryRebound(to: Int32.self, capacity: 2) { unsafe socketpair(AF_UNIX, type, 0, $0) }
    }
    guard result == 0 else { throw SystemError("socketpair", result: -errno) }
    return pair
  }

  private final func bind(_ descriptor: Int32, to address: SocketAddress) -> Bool {
    var (storage, length) = address.storage
    return unsafe withUnsafePointer(to: &storage) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe Glibc.bind(descriptor, $0, length) }
    } == 0
  }

  private final func open(_ address: SocketAddress, flags: Int32) throws -> Int32 {
    systemCalls &+= 1
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | flags
    let descriptor = socket(address.kernelFamily, type, 0)
    guard descriptor >= 0 else { throw SystemError("socket", address.description, result: -errno) }
    return descriptor
  }

  final func set(_ level: Int32, _ name: Int32, of descriptor: Int32) {
    var one: Int32 = 1
    _ = unsafe setsockopt(descriptor, level, name, &one, 4)
  }

  package final func setOption(_ option: SocketOption, of descriptor: Int32) {
    systemCalls &+= 1
    switch option {
    case .noDelay: set(Int32(IPPROTO_TCP), TCP_NODELAY, of: descriptor)
    case .resetOnClose:
      var linger = linger(l_onoff: 1, l_linger: 0)
      _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
    }
  }

  package func batchesSend(whileJobsAreReady: Bool) -> Bool { false }
  package var prefersReadiness: Bool { false }

  package final func send(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int {
    systemCalls &+= 1
    return unsafe asyncio_send(descriptor, bytes.baseAddress, bytes.count)
  }

  /// Only of non-blocking descriptors, where this backend makes them so.
  package func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int { -Int(EAGAIN) }

  package final func receive(into buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32) -> Int {
    systemCalls &+= 1
    return unsafe asyncio_receive(descriptor, buffer.baseAddress, buffer.count)
  }

  package func isReadable(_ descriptor: Int32) -> Bool {
    systemCalls &+= 1
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return unsafe Glibc.poll(&entry, 1, 0) != 0
  }

  package final func shutdownWriting(_ descriptor: Int32) -> Int32 {
    systemCalls &+= 1
    return shutdown(descriptor, Int32(SHUT_WR)) == 0 ? 0 : -errno
  }

  package final func localAddress(of descriptor: Int32) -> SocketAddress? {
    unsafe address { unsafe getsockname(descriptor, $0, $1) }
  }

  package final func peerAddress(of descriptor: Int32) -> SocketAddress? {
    unsafe address { unsafe getpeername(descriptor, $0, $1) }
  }

  private final func address(
    _ get: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
  ) -> SocketAddress? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let result = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe get($0, &length) }
    }
    return result == 0 ? SocketAddress(storage, length: length) : nil
  }

  package final var hasOwnNames: Bool { false }
  package final func hostName(of address: SocketAddress) -> String? { nil }

  package final func addresses(ofHost host: String, port: UInt16) -> [SocketAddress]? {
    SocketAddress(host, port: port).map { [$0] }
  }
}
