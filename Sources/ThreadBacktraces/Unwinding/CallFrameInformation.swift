// SPDX-License-Identifier: Apache-2.0
//
// .eh_frame and .eh_frame_hdr: Linux Standard Base Core 5.0, "DWARF Extensions"; the instructions: DWARF 5, 6.4. They
// are read from the mapped image, one entry for each frame of a trace. They are not cached: traces are rare, and an
// image may be unmapped.

/// How to get from a function's frame to its caller's: the FDE that covers an address, with its CIE.
struct CallFrameInformation {
  var function: Range<UInt64>
  var codeAlignment: UInt64 = 1
  var dataAlignment: Int64 = 1
  var returnAddressRegister = Registers.programCounter
  /// Whether a signal pushed the frame, and not a call: then its program counter is where it was interrupted.
  var isSignalFrame = false
  var initialInstructions: [UInt8] = []
  var instructions: [UInt8] = []

  init?(covering programCounter: UInt64, table: UInt64, in memory: ProcessMemory) {
    guard let entry = Self.entry(covering: programCounter, table: table, in: memory),
      var description = Self.record(at: entry, in: memory)
    else { return nil }
    let ownPlace = description.address &+ UInt64(description.offset)
    guard let distance = description.next(UInt32.self), distance != 0,
      var common = Self.record(at: ownPlace &- UInt64(distance), in: memory),
      common.next(UInt32.self) == 0, let version = common.next(UInt8.self), version == 1 || version == 3,
      let augmentation = common.string(), let codeAlignment = common.uleb128(), let dataAlignment = common.sleb128(),
      let register = version == 1 ? common.next(UInt8.self).map({ UInt64($0) }) : common.uleb128()
    else { return nil }
    var pointerEncoding: UInt8 = 0
    let hasAugmentationData = augmentation.first == UInt8(ascii: "z")
    var isSignalFrame = false
    if hasAugmentationData {
      guard let size = common.uleb128(), size <= UInt64(common.bytes.count - common.offset) else { return nil }
      let end = common.offset + Int(size)
      reading: for letter in augmentation.dropFirst() {
        switch letter {
        case UInt8(ascii: "R"): pointerEncoding = common.next(UInt8.self) ?? 0
        case UInt8(ascii: "L"): _ = common.next(UInt8.self)
        case UInt8(ascii: "P"):
          guard let encoding = common.next(UInt8.self) else { return nil }
          _ = common.pointer(encoding: encoding)
        case UInt8(ascii: "S"): isSignalFrame = true
        case UInt8(ascii: "B"): break  // AArch64: return addresses are signed with the B key
        default: break reading
        }
      }
      common.offset = end
    } else if !augmentation.isEmpty {
      return nil
    }
    guard let start = description.pointer(encoding: pointerEncoding),
      let length = description.pointer(encoding: pointerEncoding & 0x0f),
      programCounter >= start, programCounter &- start < length
    else { return nil }
    if hasAugmentationData { guard description.block() != nil else { return nil } }
    function = start..<(start &+ length)
    self.codeAlignment = codeAlignment
    self.dataAlignment = dataAlignment
    self.isSignalFrame = isSignalFrame
    // AArch64's CIEs name the link register.
    returnAddressRegister = register < UInt64(Registers.count) ? Int(register) : Registers.programCounter
    initialInstructions = Array(common.bytes[min(common.offset, common.bytes.count)...])
    instructions = Array(description.bytes[min(description.offset, description.bytes.count)...])
  }

  /// Finds the FDE's address in .eh_frame_hdr's sorted table. All linkers write it in one encoding: pairs of 32-bit
  /// distances from its own start.
  private static func entry(covering programCounter: UInt64, table: UInt64, in memory: ProcessMemory) -> UInt64? {
    let header = memory.bytes(at: table, count: 12)
    guard header.count == 12, header[0] == 1, header[2] == 0x03, header[3] == 0x3b,
      header[1] & 0x0f == 0x0b || header[1] & 0x0f == 0x03, let count = header.littleEndian(at: 8, as: UInt32.self)
    else { return nil }
    func pair(_ index: UInt32) -> (start: UInt64, entry: UInt64)? {
      let bytes = memory.bytes(at: table &+ 12 &+ UInt64(index) * 8, count: 8)
      guard let start = bytes.littleEndian(at: 0, as: Int32.self), let entry = bytes.littleEndian(at: 4, as: Int32.self)
      else { return nil }
      return (table &+ UInt64(bitPattern: Int64(start)), table &+ UInt64(bitPattern: Int64(entry)))
    }
    var low: UInt32 = 0
    var high = count
    while low < high {
      let middle = low + (high - low) / 2
      guard let candidate = pair(middle) else { return nil }
      if candidate.start <= programCounter { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? pair(low - 1)?.entry : nil
  }

  /// Reads a CIE or FDE without its length field. The 64-bit format is unused, and an entry beyond 64 KiB is not one.
  private static func record(at address: UInt64, in memory: ProcessMemory) -> ByteCursor? {
    guard let length = memory.bytes(at: address, count: 4).littleEndian(at: 0, as: UInt32.self),
      length >= 4, length <= 65_536
    else { return nil }
    let bytes = memory.bytes(at: address &+ 4, count: Int(length))
    return bytes.count == Int(length) ? ByteCursor(bytes: bytes, address: address &+ 4) : nil
  }
}
