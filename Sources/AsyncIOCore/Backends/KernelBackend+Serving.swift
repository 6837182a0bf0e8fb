// SPDX-License-Identifier: Apache-2.0
// What a server asks of the kernel besides connections.

import CLinux
import Glibc

extension KernelBackend {
  package final func startListening(_ descriptor: Int32, backlog: Int32) throws {
    systemCalls &+= 1
    let result = SystemCall.listen(descriptor, backlog: backlog)
    if result < 0 {
      let object = localAddress(of: descriptor)?.description ?? "descriptor \(descriptor)"
      throw SystemError("listen", object, result: result)
    }
  }

  package final func duplicate(_ descriptor: Int32) throws -> Int32 {
    systemCalls &+= 1
    return try SystemCall.duplicate(descriptor)
  }

  package final func acknowledgedBytes(of descriptor: Int32) -> Int {
    systemCalls &+= 1
    return Int(asyncio_acknowledged(descriptor))
  }

  package final func hasEnded(_ descriptor: Int32, after received: Int) -> Bool? {
    systemCalls &+= 1
    // The kernel counts the end of the stream as a byte (tcp_rcv_nxt_update).
    switch asyncio_received(descriptor) - Int64(received) {
    case 0: return false
    case 1: return true
    default: return nil
    }
  }

  package final var descriptorLimit: Int {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .max }
    // RLIM_INFINITY doesn't fit.
    return Int(clamping: limit.rlim_cur)
  }
}
