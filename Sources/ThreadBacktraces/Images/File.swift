// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A file opened to read parts of it. Its calls block, so use it on a thread that may block.
struct File: ~Copyable {
  private let descriptor: Int32

  init?(path: String) {
    // `open` only reads the path, which lives through the call.
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 { return nil }
  }

  deinit { close(descriptor) }

  /// Reads at most `count` bytes from `offset` on, fewer at the file's end.
  func bytes(at offset: UInt64, count: Int) -> [UInt8] {
    guard count > 0, offset <= UInt64(Int64.max) else { return [] }
    // The closure initializes exactly the bytes that it reports: `pread` never writes past the given room.
    return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      while initialized < count {
        let position = off_t(offset) &+ off_t(initialized)
        let got = unsafe pread(descriptor, buffer.baseAddress! + initialized, count - initialized, position)
        if got < 0, errno == EINTR { continue }
        if got <= 0 { break }
        initialized += got
      }
    }
  }

  /// Reads a whole file of unknown size, such as those of /proc, up to `limit` bytes.
  func contents(limit: Int) -> [UInt8] {
    var all: [UInt8] = []
    while all.count < limit {
      let part = bytes(at: UInt64(all.count), count: 65_536)
      if part.isEmpty { break }
      all += part
    }
    return all
  }
}
