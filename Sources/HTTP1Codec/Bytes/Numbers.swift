// SPDX-License-Identifier: Apache-2.0

extension [UInt8] {
  /// Appends `text` as UTF-8.
  mutating func append(text: String) { append(contentsOf: text.utf8) }

  /// Appends a text of the program.
  @inline(__always)
  mutating func append(static text: StaticString) {
    // Safety: the literals are several ASCII characters long, so they have a pointer representation, whose storage is
    // static.
    append(contentsOf: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Appends a non-negative number in the given radix, in lower case.
  mutating func append(number: Int, radix: Int = 10) {
    let start = count
    var rest = number
    repeat {
      let digit = UInt8(truncatingIfNeeded: rest % radix)
      append(digit < 10 ? 0x30 + digit : 0x57 + digit)
      rest /= radix
    } while rest > 0
    self[start...].reverse()
  }
}

extension UnsafeRawBufferPointer {
  enum DecimalProblem: Error { case notDigits, overflow }

  /// The value of `1*DIGIT` in `range`. Signs, blanks and separators are errors.
  func decimal(in range: Range<Int>) throws(DecimalProblem) -> Int {
    guard !range.isEmpty else { throw .notDigits }
    var value = 0
    var overflowed = false
    for offset in range {
      let byte = self[offset]
      guard ASCII.isDigit(byte) else { throw .notDigits }
      let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, stillTooLarge) = product.addingReportingOverflow(Int(byte &- 0x30))
      overflowed = overflowed || tooLarge || stillTooLarge
      value = overflowed ? 0 : sum
    }
    guard !overflowed else { throw .overflow }
    return value
  }
}
