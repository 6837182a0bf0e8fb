// SPDX-License-Identifier: Apache-2.0

/// The functions that an ELF file names, by address: its .symtab or, if that was stripped, its .dynsym (the exported
/// ones).
struct SymbolTable {
  private struct Entry {
    var address: UInt64
    var size: UInt64
    var name: UInt32
  }

  struct Match {
    var name: String
    var address: UInt64
  }

  private var entries: [Entry] = []
  private var names: [UInt8] = []

  /// Reads the tables of the file at `path`, up to 1 GiB. An unreadable file has no symbols.
  init(path: String) {
    guard let file = File(path: path) else { return }
    let header = file.bytes(at: 0, count: 64)
    guard header.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2, 1]),
      let offset = header.littleEndian(at: 40, as: UInt64.self),
      let entrySize = header.littleEndian(at: 58, as: UInt16.self),
      let entryCount = header.littleEndian(at: 60, as: UInt16.self), entrySize >= 64
    else { return }
    let sections = file.bytes(at: offset, count: Int(entrySize) * Int(entryCount))
    let symbolTable: UInt32 = 2, dynamicSymbolTable: UInt32 = 11  // SHT_SYMTAB, SHT_DYNSYM
    for wanted in [symbolTable, dynamicSymbolTable] {
      for index in 0..<Int(entryCount) {
        let section = index * Int(entrySize)
        guard sections.littleEndian(at: section + 4, as: UInt32.self) == wanted,
          let symbols = Self.contents(ofSection: section, in: sections, of: file),
          let link = sections.littleEndian(at: section + 40, as: UInt32.self), link < entryCount,
          let strings = Self.contents(ofSection: Int(link) * Int(entrySize), in: sections, of: file)
        else { continue }
        read(symbols)
        names = strings
        if !entries.isEmpty { return }
      }
    }
  }

  private static func contents(ofSection section: Int, in sections: [UInt8], of file: borrowing File) -> [UInt8]? {
    guard let offset = sections.littleEndian(at: section + 24, as: UInt64.self),
      let size = sections.littleEndian(at: section + 32, as: UInt64.self), size <= 1 << 30
    else { return nil }
    return file.bytes(at: offset, count: Int(size))
  }

  private mutating func read(_ symbols: [UInt8]) {
    for offset in stride(from: 0, to: symbols.count - 23, by: 24) {
      guard let type = symbols.littleEndian(at: offset + 4, as: UInt8.self),
        type & 15 == 2 || type & 15 == 10,  // STT_FUNC, STT_GNU_IFUNC
        symbols.littleEndian(at: offset + 6, as: UInt16.self) != 0,  // SHN_UNDEF
        let name = symbols.littleEndian(at: offset, as: UInt32.self),
        let address = symbols.littleEndian(at: offset + 8, as: UInt64.self),
        let size = symbols.littleEndian(at: offset + 16, as: UInt64.self)
      else { continue }
      entries.append(Entry(address: address, size: size, name: name))
    }
    entries.sort { ($0.address, $0.size, $0.name) < ($1.address, $1.size, $1.name) }
  }

  /// The function that contains `address`, an address in the file.
  func symbol(at address: UInt64) -> Match? {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].address <= address { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return nil }
    let entry = entries[low - 1]
    // Hand-written assembly has no size: it reaches to the next symbol.
    guard entry.size == 0 || address < entry.address &+ entry.size, let name = names.string(at: Int(entry.name)) else {
      return nil
    }
    return Match(name: name, address: entry.address)
  }
}
