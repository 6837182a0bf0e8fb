// SPDX-License-Identifier: Apache-2.0

import CLinuxBacktrace
import Glibc
import Synchronization

/// Finds the functions of addresses.
struct Symbolizer {
  struct Symbol {
    var mangled: String
    var name: SymbolName
    /// The address of its first instruction in memory.
    var address: UInt64
  }

  var unwinder: Unwinder

  mutating func symbol(at address: UInt64) -> Symbol? {
    unwinder.symbol(at: address).map { Symbol(mangled: $0.name, name: SymbolName($0.name), address: $0.address) }
  }
}

/// The functions of every file that a trace has met, kept process-wide, so that further traces are cheap.
private enum SymbolTables {
  private struct Key: Hashable {
    var path: String
    var inode: UInt64
  }

  /// Held while a file is read, so that two traces do not read it twice.
  private static let tables = Mutex<[Key: SymbolTable]>([:])

  static func symbol(at address: UInt64, in image: Image) -> SymbolTable.Match? {
    tables.withLock { cache in
      let key = Key(path: image.path, inode: image.inode)
      if let table = cache[key] { return table.symbol(at: address) }
      let table = SymbolTable(path: readablePath(of: image))
      cache[key] = table
      return table.symbol(at: address)
    }
  }

  /// A program that was replaced while it runs is still readable through /proc/self/exe.
  private static func readablePath(of image: Image) -> String {
    let executable = "/proc/self/exe"
    var status = stat()
    // `stat` fills a structure that outlives the call.
    if unsafe stat(executable, &status) == 0, UInt64(status.st_ino) == image.inode { return executable }
    return image.path
  }
}

extension Unwinder {
  /// The function at this address, with its own address in memory.
  mutating func symbol(at address: UInt64) -> SymbolTable.Match? {
    guard let image = image(at: address), let headers = programHeaders(of: image),
      var match = SymbolTables.symbol(at: address &- headers.bias, in: image)
    else { return nil }
    match.address &+= headers.bias
    return match
  }
}
