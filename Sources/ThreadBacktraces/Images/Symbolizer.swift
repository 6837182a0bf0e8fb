// SPDX-License-Identifier: Apache-2.0

import CLinuxBacktrace
import Glibc
import Synchronization

/// Names addresses. What it has read of a file it keeps, process-wide, so a second trace is cheap.
struct Symbolizer {
  /// Held while a file is read, so that two traces do not read it twice.
  private static let tables = Mutex<[Key: SymbolTable]>([:])

  private struct Key: Hashable {
    var path: String
    var inode: UInt64
  }

  struct Symbol {
    var mangled: String
    var name: SymbolName
    /// Its first instruction's address in memory.
    var address: UInt64
  }

  var unwinder: Unwinder

  mutating func symbol(at address: UInt64) -> Symbol? {
    guard let image = unwinder.image(at: address), let headers = unwinder.programHeaders(of: image) else { return nil }
    let match = Self.tables.withLock { cache in
      let key = Key(path: image.path, inode: image.inode)
      if let table = cache[key] { return table.symbol(at: address &- headers.bias) }
      let table = SymbolTable(path: Self.readablePath(of: image))
      cache[key] = table
      return table.symbol(at: address &- headers.bias)
    }
    return match.map { Symbol(mangled: $0.name, name: SymbolName($0.name), address: $0.address &+ headers.bias) }
  }

  /// A program that was replaced while it runs is still to be had through /proc/self/exe.
  private static func readablePath(of image: Image) -> String {
    let executable = "/proc/self/exe"
    var status = stat()
    // `stat` fills a structure that outlives the call.
    if unsafe stat(executable, &status) == 0, UInt64(status.st_ino) == image.inode { return executable }
    return image.path
  }
}
