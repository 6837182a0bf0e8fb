// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore
import Glibc

/// A name that has no address, or whose look-up failed: `resolve nosuch.invalid: name or service not known (-2)`.
public struct NameError: Error, Hashable, Sendable, CustomStringConvertible {
  public let host: String
  /// getaddrinfo(3)'s code.
  public let code: Int32

  public var description: String {
    let text = String(cString: gai_strerror(code))
    return "resolve \(host): \(text.prefix(1).lowercased() + text.dropFirst()) (getaddrinfo \(code))"
  }
}

/// The addresses of a host for a TCP connection, in the order in which to try them; asyncio's `getaddrinfo`.
///
/// ```swift
/// for address in try await resolve("localhost", port: 80) { print(address) }
/// ```
///
/// A numeric host is its own answer. Names are looked up by libc, on a thread of the blocking pool.
///
/// - Throws: `NameError`. `CancellationError` if the task is cancelled; the look-up itself can't be stopped, and its
///   answer is dropped.
public nonisolated(nonsending) func resolve(_ host: String, port: UInt16) async throws -> [SocketAddress] {
  if let loop = EventLoop.onThisThread(for: #isolation) { return try await loop.resolve(host, port: port) }
  let loop = EventLoop.current
  return try await loop.anchor.run { try await loop.resolve(host, port: port) }
}

private final class NameWait: WaitObject {
  let waitDescription: String
  init(host: String) { waitDescription = host }
}

extension EventLoop {
  nonisolated(nonsending) func resolve(
    _ host: String, port: UInt16, until deadline: Int64 = .max
  ) async throws -> [SocketAddress] {
    if let known = driver.addresses(ofHost: host, port: port) {
      guard !known.isEmpty else { throw NameError(host: host, code: EAI_NONAME) }
      return known
    }
    let object = NameWait(host: host)
    let start = DebugMode.isOn ? time : nil
    let result = try await runBlocking(WaitReason("resolve", on: object), until: deadline) {
      lookUp(host, port: port)
    }
    if let start { DebugMode.log("the look-up of \(host) took \(start.duration(to: time))") }
    return try withExtendedLifetime(object) { try result.get() }
  }
}

/// getaddrinfo(3), which blocks.
private func lookUp(_ host: String, port: UInt16) -> Result<[SocketAddress], NameError> {
  // getaddrinfo would look up what stands before a zero byte, and so another host than the one that was named.
  if host.utf8.contains(0) { return .failure(NameError(host: host, code: EAI_NONAME)) }
  var hints = addrinfo()
  hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
  hints.ai_flags = AI_ADDRCONFIG
  var list: UnsafeMutablePointer<addrinfo>?
  let code = getaddrinfo(host, nil, &hints, &list)
  guard code == 0 else { return .failure(NameError(host: host, code: code)) }
  defer { freeaddrinfo(list) }
  var addresses: [SocketAddress] = []
  var next = list
  while let entry = next {
    next = entry.pointee.ai_next
    let bytes = UnsafeRawBufferPointer(start: entry.pointee.ai_addr, count: Int(entry.pointee.ai_addrlen))
    if var address = SocketAddress(kernelForm: bytes) {
      address.port = port
      if !addresses.contains(address) { addresses.append(address) }
    }
  }
  return addresses.isEmpty ? .failure(NameError(host: host, code: EAI_NONAME)) : .success(addresses)
}
