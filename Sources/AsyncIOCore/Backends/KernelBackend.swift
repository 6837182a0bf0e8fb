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
    require(SystemCall.close(descriptor) != -EBADF, "descriptor \(descriptor) was closed twice")
  }

  // MARK: - Time and waking

  package final var now: Int64 { SystemCall.monotonicTime }

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
      if options.reuseAddress && address.family != .unix {
        SystemCall.setOption(SOL_SOCKET, SO_REUSEADDR, of: descriptor)
      }
      if options.reusePort { SystemCall.setOption(SOL_SOCKET, SO_REUSEPORT, of: descriptor) }
      if options.keepAlive { SystemCall.setOption(SOL_SOCKET, SO_KEEPALIVE, of: descriptor) }
      // An IPv6 listener takes IPv6 only, whatever the system's default: a second one takes IPv4 at the same port.
      if address.family == .ipv6 { SystemCall.setOption(Int32(IPPROTO_IPV6), IPV6_V6ONLY, of: descriptor) }
      try bindReplacingStaleFile(descriptor, to: address)
      if options.startsListening { try startListening(descriptor, backlog: options.backlog) }
    } catch {
      SystemCall.close(descriptor)
      throw error
    }
    return descriptor
  }

  /// Takes the address of a Unix socket also from a file that a socket left behind that wasn't closed.
  final func bindReplacingStaleFile(
    _ descriptor: Int32, to address: SocketAddress, type: SystemCall.SocketType = .stream
  ) throws {
    var result = SystemCall.bind(descriptor, to: address)
    if result == -EADDRINUSE, let file = socketFile(of: address), file.isStale(type: type) {
      file.remove()
      result = SystemCall.bind(descriptor, to: address)
    }
    if result < 0 { throw SystemError("bind", address.description, result: result) }
  }

  package final func socketFile(of address: SocketAddress) -> SocketFile? {
    address.unixPath.flatMap { SocketFile(at: $0) }
  }

  package final func remove(_ file: SocketFile) { file.remove() }

  package final func makeSocket(for address: SocketAddress, from local: SocketAddress?) throws -> Int32 {
    let descriptor = try open(address, flags: socketFlags)
    guard let local else { return descriptor }
    // The port is chosen when the connection is made, so that connections to different peers can share one (ip(7)).
    if local.port == 0 { SystemCall.setOption(Int32(IPPROTO_IP), IP_BIND_ADDRESS_NO_PORT, of: descriptor) }
    let result = SystemCall.bind(descriptor, to: local)
    if result < 0 {
      SystemCall.close(descriptor)
      throw SystemError("bind", local.description, result: result)
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

  final func open(
    _ address: SocketAddress, _ type: SystemCall.SocketType = .stream, flags: Int32
  ) throws -> Int32 {
    systemCalls &+= 1
    let descriptor = SystemCall.socket(for: address, type, flags: flags)
    guard descriptor >= 0 else { throw SystemError("socket", address.description, result: descriptor) }
    return descriptor
  }

  package final func setOption(_ option: SocketOption, of descriptor: Int32) {
    systemCalls &+= 1
    switch option {
    case .noDelay: SystemCall.setOption(Int32(IPPROTO_TCP), TCP_NODELAY, of: descriptor)
    case .resetOnClose:
      var linger = linger(l_onoff: 1, l_linger: 0)
      _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
    }
  }

  package func batchesSend(whileJobsAreReady: Bool) -> Bool { false }
  package var prefersReadiness: Bool { false }

  package final func send(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int {
    systemCalls &+= 1
    return unsafe SystemCall.send(bytes, to: descriptor)
  }

  /// Only of non-blocking descriptors, where this backend makes them so.
  package func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int { -Int(EAGAIN) }

  package final func receive(into buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32) -> Int {
    systemCalls &+= 1
    return unsafe SystemCall.receive(into: buffer, from: descriptor)
  }

  package func isReadable(_ descriptor: Int32) -> Bool {
    systemCalls &+= 1
    return SystemCall.isReadable(descriptor)
  }

  package final func shutdownWriting(_ descriptor: Int32) -> Int32 {
    systemCalls &+= 1
    return SystemCall.shutdownWriting(descriptor)
  }

  package final func localAddress(of descriptor: Int32) -> SocketAddress? {
    SystemCall.localAddress(of: descriptor)
  }

  package final func peerAddress(of descriptor: Int32) -> SocketAddress? {
    SystemCall.peerAddress(of: descriptor)
  }

  package final var hasOwnNames: Bool { false }
  package final func hostName(of address: SocketAddress) -> String? { nil }

  package final func addresses(ofHost host: String, port: UInt16) -> [SocketAddress]? {
    SocketAddress(host, port: port).map { [$0] }
  }
}
