// SPDX-License-Identifier: Apache-2.0
// libc's look-ups. They block, so they run on the blocking pool. One that is given up keeps its thread until it ends.

import AsyncIOCore
import Glibc

private final class SystemLookUp: WaitObject {
  let waitDescription: String
  init(_ host: String) { waitDescription = host }
}

extension EventLoop {
  /// - Parameter host: The host as the caller gave it: libc expects that.
  nonisolated(nonsending) func askSystem(
    _ key: NameKey, of host: String, until deadline: Int64
  ) async throws -> NameAnswer {
    let object = SystemLookUp(host)
    let answer = try await runBlocking(WaitReason("resolve", on: object), until: deadline) {
      switch key {
      case .addresses(_, let family): systemAddresses(of: host, family: family)
      case .name(let address): systemName(of: address)
      }
    }
    return withExtendedLifetime(object) { answer }
  }
}

/// getaddrinfo(3).
///
/// - Parameter isNumeric: Whether only numeric forms count: then no server is asked, and nothing blocks.
func systemAddresses(of host: String, family: SocketAddress.Family?, isNumeric: Bool = false) -> NameAnswer {
  // libc would look up the text before a zero byte, and so a different host.
  if host.utf8.contains(0) { return .failure(.malformed("it has a character that host names can't have")) }
  var hints = unsafe addrinfo()
  unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
  unsafe hints.ai_flags = isNumeric ? AI_NUMERICHOST : AI_ADDRCONFIG
  unsafe hints.ai_family = family.map { $0 == .ipv4 ? AF_INET : AF_INET6 } ?? AF_UNSPEC
  var list: UnsafeMutablePointer<addrinfo>?
  let code = unsafe getaddrinfo(host, nil, &hints, &list)
  guard code == 0 else { return .failure(NameError(host: host, code: code).reason) }
  defer { unsafe freeaddrinfo(list) }
  var addresses: [SocketAddress] = []
  var next = unsafe list
  while let entry = unsafe next {
    unsafe next = unsafe entry.pointee.ai_next
    let bytes = unsafe UnsafeRawBufferPointer(start: entry.pointee.ai_addr, count: Int(entry.pointee.ai_addrlen))
    if let address = unsafe SocketAddress(kernelForm: bytes), !addresses.contains(address) { addresses.append(address) }
  }
  return .addresses(addresses)
}

/// getnameinfo(3).
private func systemName(of address: SocketAddress) -> NameAnswer {
  var (storage, length) = address.storage
  // NI_MAXHOST.
  return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1025) { name in
    let code = unsafe withUnsafePointer(to: &storage) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe getnameinfo($0, length, name.baseAddress, socklen_t(name.count), nil, 0, NI_NAMEREQD)
      }
    }
    guard code == 0 else { return .failure(NameError(host: address.host, code: code).reason) }
    return unsafe .names([String(cString: name.baseAddress!)])
  }
}
