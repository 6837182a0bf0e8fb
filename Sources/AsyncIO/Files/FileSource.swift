// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Glibc

/// A file to send.
struct FileSource: Sendable {
  let descriptor: Int32
  let name: String
  /// Nil of a descriptor of the program's own, which is the kernel's.
  private let file: OpenFile?

  var fileSystem: (any FileSystem)? { file?.fileSystem }

  /// A descriptor that stays its owner's.
  init(descriptor: Int32, name: String) {
    self.descriptor = descriptor
    self.name = name
    file = nil
  }

  /// An open file, which stays open as long as it is sent.
  init(_ file: OpenFile, name: String) {
    descriptor = file.number
    self.name = name
    self.file = file
  }

  /// Whether a byte is in memory, as far as that can be known.
  func isCached(at offset: Int) -> Bool {
    file?.fileSystem.isImmediate == true || SystemCall.isCached(descriptor, at: offset)
  }

  /// Reads from the disk, if need be; blocks.
  func read(from offset: Int, upTo count: Int) -> Result<[UInt8], SystemError> {
    if let file {
      return Result { () throws(Errno) in try EventLoop.readNow(file, at: offset, upTo: count) }
        .mapError { $0.named("read", name) }
    }
    var result = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      repeat {
        result = unsafe pread(descriptor, buffer.baseAddress, count, off_t(offset))
      } while result < 0 && errno == EINTR
      initialized = max(0, result)
      if result < 0 { result = -Int(errno) }
    }
    return result < 0 ? .failure(SystemError("read", name, result: result)) : .success(bytes)
  }
}
