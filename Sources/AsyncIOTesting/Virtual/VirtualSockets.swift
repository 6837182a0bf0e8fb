// SPDX-License-Identifier: Apache-2.0
// The sockets of a network in memory, with the results that a kernel would give.

package import AsyncIOCore
import Glibc

package final class VirtualSockets: Sockets {
  var network: VirtualNetwork
  private let clock: VirtualClock
  /// What was set of each descriptor's integer options, which have no effect here.
  private var options: [Int32: [SocketOption.Name: Int32]] = [:]
  private var isClosed = false

  init(_ network: VirtualNetwork, _ clock: VirtualClock) {
    self.network = network
    self.clock = clock
  }

  var now: Int64 { clock.now }

  func close() {
    isClosed = true
    network = VirtualNetwork()
  }

  package var prefersReadiness: Bool { false }

  package func listen(at address: SocketAddress, options: ListenOptions) throws -> Int32 {
    do throws(VirtualErrno) {
      return try network.listen(
        at: address, backlog: Int(options.backlog), reusePort: options.reusePort,
        startsListening: options.startsListening)
    } catch {
      let operation = error.code == EMFILE ? "socket" : "bind"
      throw SystemError(operation, address.description, code: SystemError.Code(rawValue: error.code))
    }
  }

  package func startListening(_ descriptor: Int32, backlog: Int32) throws {
    do throws(VirtualErrno) { try network.startListening(descriptor, backlog: Int(backlog)) } catch {
      throw SystemError("listen", "descriptor \(descriptor)", code: SystemError.Code(rawValue: error.code))
    }
  }

  /// Always throws: virtual time has one loop, which needs no second descriptor.
  package func duplicate(_ descriptor: Int32) throws -> Int32 {
    throw SystemError("dup", "descriptor \(descriptor) on a loop with virtual time", code: .invalidArgument)
  }

  package func acknowledgedBytes(of descriptor: Int32) -> Int { network.acknowledged(of: descriptor) }

  package func hasEnded(_ descriptor: Int32, after received: Int) -> Bool? { network.peerHasEnded(descriptor) }

  package var descriptorLimit: Int { network.descriptorLimit }

  /// Returns nil: virtual sockets have names but not files.
  package func socketFile(of address: SocketAddress) -> SocketFile? { nil }
  package func remove(_ file: SocketFile) {}

  package func makeSocket(for address: SocketAddress, from local: SocketAddress?) throws -> Int32 {
    do throws(VirtualErrno) { return try network.makeSocket(boundTo: local) } catch {
      let (operation, object) = error.code == EMFILE ? ("socket", address) : ("bind", local ?? address)
      throw SystemError(operation, object.description, code: SystemError.Code(rawValue: error.code))
    }
  }

  package func makeSocketPair() throws -> (Int32, Int32) {
    do throws(VirtualErrno) { return try network.makeSocketPair() } catch {
      throw SystemError("socketpair", code: SystemError.Code(rawValue: error.code))
    }
  }

  /// Refuses foreign descriptors. All virtual descriptors are sockets, and a number from outside means nothing here.
  package func adopt(_ descriptor: Int32) throws -> DescriptorKind {
    guard let kind = network.kind(of: descriptor) else {
      throw SystemError("adopt", "descriptor \(descriptor) on a loop with virtual time", code: .invalidArgument)
    }
    return kind
  }

  package func kind(of descriptor: Int32) throws -> DescriptorKind { try adopt(descriptor) }

  package func makePipe() throws -> (reading: Int32, writing: Int32) {
    let (reading, writing) = try makeSocketPair()
    return (reading: reading, writing: writing)
  }

  package func openStandard(_ descriptor: Int32) throws -> Int32 {
    throw SystemError("open", "descriptor \(descriptor) on a loop with virtual time", code: .invalidArgument)
  }

  package func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int { send(bytes, to: descriptor) }

  package func receive(into buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32) -> Int {
    switch network.receive(from: descriptor, upTo: buffer.count, now: now) {
    case .bytes(let bytes):
      bytes.withUnsafeBytes { buffer.copyMemory(from: $0) }
      return bytes.count
    case .end: return 0
    case .failed(let code): return -Int(code)
    case .nothing: return -Int(EAGAIN)
    }
  }

  package func send(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int {
    network.send(bytes, to: descriptor, now: now)
  }

  package func isReadable(_ descriptor: Int32) -> Bool {
    network.readiness(of: descriptor).map { $0 & UInt32(POLLIN | POLLERR | POLLHUP) != 0 } ?? false
  }

  package func shutdownWriting(_ descriptor: Int32) -> Int32 { network.shutdownWriting(descriptor, now: now) }

  package func localAddress(of descriptor: Int32) -> SocketAddress? { network.localAddress(of: descriptor) }
  package func peerAddress(of descriptor: Int32) -> SocketAddress? { network.peerAddress(of: descriptor) }

  package func close(_ descriptor: Int32) {
    // The test kept a stream longer than its loop, whose network is already gone.
    if isClosed { return }
    options[descriptor] = nil
    do throws(VirtualErrno) { try network.close(descriptor, now: now) } catch {
      preconditionFailure("descriptor \(descriptor) was closed twice")
    }
  }

  package var hasOwnNames: Bool { true }
  package func hostName(of address: SocketAddress) -> String? { network.name(ofHost: address) }

  /// Never nil: libc is not asked about a simulated network's names.
  package func addresses(ofHost host: String, port: UInt16) -> [SocketAddress]? {
    network.addresses(ofHost: host, port: port)
  }

  package func send(_ buffers: [UnsafeRawBufferPointer], to descriptor: Int32) -> Int {
    var total = 0
    for buffer in buffers where !buffer.isEmpty {
      let sent = send(buffer, to: descriptor)
      if sent < 0 { return total > 0 ? total : sent }
      total += sent
      if sent < buffer.count { break }
    }
    return total
  }

  /// Sends a file. Files are real here: their bytes are read, then sent like any others.
  package func sendFile(_ file: Int32, from offset: Int, count: Int, to descriptor: Int32) -> Int { -Int(EINVAL) }

  // MARK: - Options

  package func set(_ option: SocketOption, of descriptor: Int32, family: SocketAddress.Family) -> Int32 {
    switch option {
    case .noDelay: return 0
    case .resetOnClose:
      network.setResetsOnClose(descriptor)
      return 0
    case .integer(let name, let value):
      options[descriptor, default: [:]][name] = value
      return 0
    default: return -network.set(option, of: descriptor)
    }
  }

  package func value(of option: SocketOption.Name, of descriptor: Int32) throws -> Int32 {
    options[descriptor]?[option] ?? 0
  }
}
