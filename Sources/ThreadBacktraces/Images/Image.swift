// SPDX-License-Identifier: Apache-2.0
//
// /proc/self/maps and not dl_iterate_phdr: the latter takes the loader's lock, which a thread stuck in `dlopen` holds.
// The kernel's list needs no lock of user space. Mapped parts are read from memory and not from the file. So unwinding
// also works in the vDSO, and in a library that was replaced on disk under a running process.

/// An ELF file as it is mapped into this process.
struct Image {
  var path: String
  var inode: UInt64
  /// The address of its first page, which has the ELF header.
  var base: UInt64
  /// The addresses of its code.
  var code: [Range<UInt64>] = []

  /// The last part of the path: `libc.so.6`.
  var name: String { String(path.split(separator: "/").last ?? "?") }

  /// The images with code in this process, by /proc/self/maps.
  static func loaded() -> [Image] {
    guard let file = File(path: "/proc/self/maps") else { return [] }
    let text = String(decoding: file.contents(limit: 16 << 20), as: UTF8.self)
    var images: [Image] = []
    for line in text.split(separator: "\n") {
      // start-end permissions offset device inode path
      let fields = line.split(separator: " ", maxSplits: 5)
      guard fields.count == 6, let inode = UInt64(fields[4]) else { continue }
      let bounds = fields[0].split(separator: "-")
      guard bounds.count == 2, let start = UInt64(bounds[0], radix: 16), let end = UInt64(bounds[1], radix: 16),
        start < end
      else { continue }
      let path = String(fields[5].drop { $0 == " " })
      guard path.hasPrefix("/") || path == "[vdso]" else { continue }
      if UInt64(fields[2], radix: 16) == 0, images.last?.path != path || images.last?.code.isEmpty == false {
        images.append(Image(path: path, inode: inode, base: start))
      }
      if fields[1].contains("x"), images.last?.path == path, images.last?.inode == inode {
        images[images.count - 1].code.append(start..<end)
      }
    }
    return images.filter { !$0.code.isEmpty }
  }
}

/// The parts of an ELF program header that unwinding and symbols need.
struct ProgramHeaders {
  /// The difference between an address in memory and that in the file.
  var bias: UInt64 = 0
  /// The address in memory of .eh_frame_hdr.
  var callFrameTable: UInt64?

  init?(of image: Image, in memory: ProcessMemory) {
    let header = memory.bytes(at: image.base, count: 64)
    guard header.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2, 1]),
      let offset = header.littleEndian(at: 32, as: UInt64.self),
      let entrySize = header.littleEndian(at: 54, as: UInt16.self),
      let entryCount = header.littleEndian(at: 56, as: UInt16.self), entrySize >= 56
    else { return nil }
    let table = memory.bytes(at: image.base &+ offset, count: Int(entrySize) * Int(entryCount))
    var lowest: UInt64?
    var relative: UInt64?
    for index in 0..<Int(entryCount) {
      let entry = index * Int(entrySize)
      guard let type = table.littleEndian(at: entry, as: UInt32.self),
        let fileOffset = table.littleEndian(at: entry + 8, as: UInt64.self),
        let address = table.littleEndian(at: entry + 16, as: UInt64.self)
      else { return nil }
      if type == 1, lowest == nil { lowest = address &- fileOffset }  // PT_LOAD, in ascending order
      if type == 0x6474_e550 { relative = address }  // PT_GNU_EH_FRAME
    }
    guard let lowest else { return nil }
    bias = image.base &- lowest
    callFrameTable = relative.map { $0 &+ bias }
  }
}
