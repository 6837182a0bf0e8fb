// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

extension KernelBackend {
  /// What one call takes (IOV_MAX).
  private static let largestVector = 1024

  package final func send(_ buffers: [UnsafeRawBufferPointer], to descriptor: Int32) -> Int {
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

  package final func sendFile(_ file: Int32, from offset: Int, count: Int, to descriptor: Int32) -> Int {
    systemCalls &+= 1
    return SystemCall.sendFile(file, from: offset, count: count, to: descriptor)
  }

  package final func option(_ name: SocketOptionName, of descriptor: Int32) throws -> Int32 {
    systemCalls &+= 1
    let (result, value) = SystemCall.option(name.level, name.number, of: descriptor)
    if result < 0 { throw SystemError("getsockopt", name.text, result: result) }
    return value
  }

  package final func setOption(_ name: SocketOptionName, to value: Int32, of descriptor: Int32) throws {
    systemCalls &+= 1
    let result = SystemCall.setOption(name.level, name.number, to: value, of: descriptor)
    if result < 0 { throw SystemError("setsockopt", name.text, result: result) }
  }
}
