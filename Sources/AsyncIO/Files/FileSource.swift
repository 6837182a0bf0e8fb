// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Glibc

/// A file to send, by its descriptor.
struct FileSource: Sendable {
  let descriptor: Int32
  let name: String

  /// Reads from the disk, if need be; blocks.
  func read(from offset: Int, upTo count: Int) -> Result<[UInt8], SystemError> {
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

/// A file that was opened on a thread of the pool, and is closed with its last reference: also if the task that wanted
/// it has gone meanwhile.
final class OpenedFile: Sendable {
  let descriptor: Int32
  let code: SystemError.Code

  init(_ path: String) {
    // C would open what stands before the zero byte.
    if path.utf8.contains(0) {
      (descriptor, code) = (-1, .invalidArgument)
      return
    }
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    code = SystemError.Code(rawValue: descriptor < 0 ? errno : 0)
  }

  deinit { if descriptor >= 0 { _ = close(descriptor) } }
}
