// SPDX-License-Identifier: Apache-2.0
// Memory of its own, and not an array: an array asks with every byte whether it is shared.

final class ByteOutput {
  // Safety: allocated here, freed in `deinit`; `count` bytes of `capacity` are initialized.
  private var memory: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  @exclusivity(unchecked) private(set) var count = 0

  init() {
    capacity = 512
    memory = .allocate(capacity: capacity)
  }

  deinit { memory.deallocate() }

  /// What was written, lent for the time of the call.
  func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    body(UnsafeBufferPointer(start: memory, count: count))
  }

  /// What was written.
  var bytes: [UInt8] { withBytes { Array($0) } }

  /// Makes room for `count` more.
  @inline(__always)
  private func reserve(_ more: Int) { if capacity - count < more { grow(more) } }

  private func grow(_ more: Int) {
    capacity = max(count + more, 2 * capacity)
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
    larger.initialize(from: memory, count: count)
    memory.deallocate()
    memory = larger
  }

  @inline(__always)
  func append(byte: UInt8) {
    reserve(1)
    memory[count] = byte
    count += 1
  }

  @inline(__always)
  private func append(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard let base = bytes.baseAddress else { return }
    reserve(bytes.count)
    (memory + count).initialize(from: base, count: bytes.count)
    count += bytes.count
  }

  @inline(__always)
  func append(_ text: StaticString) {
    append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  func append(text: String) {
    var text = text
    text.withUTF8 { append($0) }
  }

  /// Appends a string in quotes. What must be escaped is: quotes, backslashes and control characters (RFC 8259 section
  /// 7). Everything else stays UTF-8.
  @inline(__always)
  func append(quoted text: String) {
    var text = text
    text.withUTF8 { utf8 in
      append(byte: UInt8(ascii: "\""))
      if Self.needsEscape(utf8) { appendEscaped(utf8) } else { append(utf8) }
      append(byte: UInt8(ascii: "\""))
    }
  }

  private func appendEscaped(_ utf8: UnsafeBufferPointer<UInt8>) {
    let digits = Array("0123456789abcdef".utf8)
    for byte in utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): [UInt8(ascii: "\\"), byte].forEach(append(byte:))
      case 0x08: append("\\b")
      case 0x09: append("\\t")
      case 0x0A: append("\\n")
      case 0x0C: append("\\f")
      case 0x0D: append("\\r")
      case 0..<0x20:
        append("\\u00")
        [digits[Int(byte >> 4)], digits[Int(byte & 15)]].forEach(append(byte:))
      default: append(byte: byte)
      }
    }
  }

  /// Whether a byte must be escaped; eight are looked at in one step.
  private static func needsEscape(_ utf8: UnsafeBufferPointer<UInt8>) -> Bool {
    let raw = UnsafeRawBufferPointer(utf8)
    let ones: UInt64 = 0x0101_0101_0101_0101
    let high: UInt64 = 0x8080_8080_8080_8080
    var offset = 0
    while offset + 8 <= raw.count {
      let word = raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      let quote = word ^ (ones &* 0x22)
      let backslash = word ^ (ones &* 0x5C)
      let found =
        ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | ((word &- (ones &* 0x20)) & ~word)
      if found & high != 0 { return true }
      offset += 8
    }
    while offset < raw.count {
      let byte = raw[offset]
      if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return true }
      offset += 1
    }
    return false
  }

  // MARK: - Numbers

  @inline(__always)
  func append(integer: Int64) {
    if integer < 0 { append(byte: UInt8(ascii: "-")) }
    append(unsigned: integer.magnitude)
  }

  func append(unsigned: UInt64) {
    if unsigned < 10 { return append(byte: 0x30 + UInt8(unsigned)) }
    // 20 digits hold every 64-bit number.
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
      var rest = unsigned
      var place = 20
      repeat {
        let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
        place -= 1
        digits[place] = 0x30 + UInt8(truncatingIfNeeded: digit)
        rest = quotient
      } while rest > 0
      append(UnsafeBufferPointer(rebasing: digits[place...]))
    }
  }

  /// The fewest digits that give the double back, without ".0": as Foundation writes it.
  static func text(of value: Double) -> String {
    let text = value.description
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  static func text(of value: Float) -> String {
    let text = value.description
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}
