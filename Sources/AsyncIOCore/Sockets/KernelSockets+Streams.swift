// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

extension KernelSockets {
  /// What one call takes (IOV_MAX).
  private static let largestVector = 1024

  package func send(_ buffers: [UnsafeRawBufferPointer], to descriptor: Int32) -> Int {
    systemCalls &+= 1
    let count = min(unsafe buffers.count, Self.largestVector)
    return unsafe withUnsafeTemporaryAllocation(of: iovec.self, capacity: max(1, count)) { vector in
      for index in 0..<count {
        unsafe vector[index] = iovec(
          iov_base: UnsafeMutableRawPointer(mutating: buffers[index].baseAddress), iov_len: buffers[index].count)
      }
      return unsafe asyncio_send_vector(descriptor, vector.baseAddress, count)
    }
  }

  package func sendFile(_ file: Int32, from offset: Int, count: Int, to descriptor: Int32) -> Int {
    systemCalls &+= 1
    return SystemCall.sendFile(file, from: offset, count: count, to: descriptor)
  }

  // MARK: - Serving

  package func startListening(_ descriptor: Int32, backlog: Int32) throws {
    systemCalls &+= 1
    let result = SystemCall.listen(descriptor, backlog: backlog)
    if result < 0 {
      let object = localAddress(of: descriptor)?.description ?? "descriptor \(descriptor)"
      throw SystemError("listen", object, result: result)
    }
  }

  package func duplicate(_ descriptor: Int32) throws -> Int32 {
    systemCalls &+= 1
    return try SystemCall.duplicate(descriptor)
  }

  package func acknowledgedBytes(of descriptor: Int32) -> Int {
    systemCalls &+= 1
    return Int(asyncio_acknowledged(descriptor))
  }

  package func hasEnded(_ descriptor: Int32, after received: Int) -> Bool? {
    systemCalls &+= 1
    // The kernel counts the end of the stream as a byte (tcp_rcv_nxt_update).
    switch asyncio_received(descriptor) - Int64(received) {
    case 0: return false
    case 1: return true
    default: return nil
    }
  }

  package var descriptorLimit: Int {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .max }
    // RLIM_INFINITY doesn't fit.
    return Int(clamping: limit.rlim_cur)
  }
}
