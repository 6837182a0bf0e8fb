// SPDX-License-Identifier: Apache-2.0
// Sockets of a real kernel, for every backend that stands on one. They are non-blocking where the backend waits for
// readiness, and blocking where the kernel waits by itself; each call here says MSG_DONTWAIT.

import CLinux
import Glibc

package final class KernelSockets: Sockets {
  /// Calls made so far.
  @safe @exclusivity(unchecked) var systemCalls = 0
  @safe @exclusivity(unchecked) var datagramMessages: DatagramMessages?
  let areNonBlocking: Bool

  init(areNonBlocking: Bool) { self.areNonBlocking = areNonBlocking }

  /// Flags for `socket`, besides SOCK_CLOEXEC.
  var flags: Int32 { areNonBlocking ? Int32(SOCK_NONBLOCK.rawValue) : 0 }

  package func close(_ descriptor: Int32) {
    systemCalls &+= 1
    require(SystemCall.close(descriptor) != -EBADF, "descriptor \(descriptor) was closed twice")
  }

  package func listen(at address: SocketAddress, options: ListenOptions) throws -> Int32 {
    let descriptor = try open(address, flags: flags)
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
  func bindReplacingStaleFile(
    _ descriptor: Int32, to address: SocketAddress, type: SystemCall.SocketType = .stream
  ) throws {
    var result = SystemCall.bind(descriptor, to: address)
    if result == -EADDRINUSE, let file = socketFile(of: address), file.isStale(type: type) {
      file.remove()
      result = SystemCall.bind(descriptor, to: address)
    }
    if result < 0 { throw SystemError("bind", address.description, result: result) }
  }

  package func socketFile(of address: SocketAddress) -> SocketFile? {
    address.unixPath.flatMap { SocketFile(at: $0) }
  }

  package func remove(_ file: SocketFile) { file.remove() }

  package func makeSocket(for address: SocketAddress, from local: SocketAddress?) throws -> Int32 {
    let descriptor = try open(address, flags: flags)
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

  package func makeSocketPair() throws -> (Int32, Int32) {
    systemCalls &+= 1
    var pair: (Int32, Int32) = (-1, -1)
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | flags
    let result = unsafe withUnsafeMutablePointer(to: &pair) { pointer in
      unsafe pointer.withMemoryRebound(to: Int32.self, capacity: 2) { unsafe socketpair(AF_UNIX, type, 0, $0) }
    }
    guard result == 0 else { throw SystemError("socketpair", result: -errno) }
    return pair
  }

  func open(
    _ address: SocketAddress, _ type: SystemCall.SocketType = .stream, flags: Int32
  ) throws -> Int32 {
    systemCalls &+= 1
    let descriptor = SystemCall.socket(for: address, type, flags: flags)
    guard descriptor >= 0 else { throw SystemError("socket", address.description, result: descriptor) }
    return descriptor
  }

  package var prefersReadiness: Bool { areNonBlocking }

  package func send(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int {
    systemCalls &+= 1
    return unsafe SystemCall.send(bytes, to: descriptor)
  }

  /// Only to a non-blocking pipe can a write be tried.
  package func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int {
    guard areNonBlocking else { return -Int(EAGAIN) }
    systemCalls &+= 1
    return unsafe SystemCall.write(bytes, to: descriptor)
  }

  package func receive(into buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32) -> Int {
    systemCalls &+= 1
    return unsafe SystemCall.receive(into: buffer, from: descriptor)
  }

  package func isReadable(_ descriptor: Int32) -> Bool {
    systemCalls &+= 1
    return SystemCall.isReadable(descriptor)
  }

  package func shutdownWriting(_ descriptor: Int32) -> Int32 {
    systemCalls &+= 1
    return SystemCall.shutdownWriting(descriptor)
  }

  package func localAddress(of descriptor: Int32) -> SocketAddress? {
    SystemCall.localAddress(of: descriptor)
  }

  package func peerAddress(of descriptor: Int32) -> SocketAddress? {
    SystemCall.peerAddress(of: descriptor)
  }

  package var hasOwnNames: Bool { false }
  package func hostName(of address: SocketAddress) -> String? { nil }

  package func addresses(ofHost host: String, port: UInt16) -> [SocketAddress]? {
    SocketAddress(host, port: port).map { [$0] }
  }
}
