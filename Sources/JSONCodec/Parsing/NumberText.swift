// SPDX-License-Identifier: Apache-2.0
// Numbers from text that the parser has checked. A double of up to 19 digits with a small exponent is exact by one
// multiplication or division (Clinger, "How to Read Floating Point Numbers Accurately": both operands are exact). All
// others go to the standard library, which rounds correctly.

enum NumberText {
  /// The value of an integer's text; nil if it doesn't fit.
  @inline(__always)
  static func integer<Integer: FixedWidthInteger>(
    _ bytes: UnsafeRawBufferPointer, _ start: Int, _ count: Int, as: Integer.Type
  ) -> Integer? {
    let isNegative = bytes[start] == UInt8(ascii: "-")
    var offset = isNegative ? start + 1 : start
    let end = start + count
    // 18 digits always fit into 64 bits.
    if end - offset <= 18 {
      var value: Int64 = 0
      while offset < end {
        value = value &* 10 &+ Int64(bytes[offset] &- 0x30)
        offset += 1
      }
      return Integer(exactly: isNegative ? -value : value)
    }
    var value = Integer(0)
    while offset < end {
      let digit = Integer(truncatingIfNeeded: bytes[offset] &- 0x30)
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, more) =
        isNegative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
      if overflow || more { return nil }
      value = sum
      offset += 1
    }
    return value
  }

  /// An integer that is written as `1.0` or `1e3`; nil if it is not one, or doesn't fit.
  static func integerOfDecimal<Integer: FixedWidthInteger>(
    _ bytes: UnsafeRawBufferPointer, _ start: Int, _ count: Int, as: Integer.Type
  ) -> Integer? {
    guard let value = double(bytes, start, count), value.magnitude < 9_007_199_254_740_992 else { return nil }
    return Integer(exactly: value)
  }

  /// The nearest double; nil if it is infinite.
  static func double(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ count: Int) -> Double? {
    if let fast = fastDouble(bytes, start, count) { return fast }
    let text = String(decoding: UnsafeRawBufferPointer(rebasing: bytes[start..<start + count]), as: UTF8.self)
    guard let value = Double(text), value.isFinite else { return nil }
    return value
  }

  private static func fastDouble(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ count: Int) -> Double? {
    let end = start + count
    var offset = start
    let isNegative = bytes[offset] == UInt8(ascii: "-")
    if isNegative { offset += 1 }
    var mantissa: UInt64 = 0
    var digits = 0
    var scale = 0
    var isBehindPoint = false
    while offset < end {
      let byte = bytes[offset]
      if byte == UInt8(ascii: ".") {
        isBehindPoint = true
      } else if byte &- 0x30 < 10 {
        if mantissa != 0 || byte != 0x30 { digits += 1 }
        mantissa = mantissa &* 10 &+ UInt64(byte &- 0x30)
        if isBehindPoint { scale -= 1 }
      } else {
        break
      }
      offset += 1
    }
    guard digits <= 19, mantissa < 1 << 53 else { return nil }
    if offset < end {
      offset += 1
      let isMinus = bytes[offset] == UInt8(ascii: "-")
      if isMinus || bytes[offset] == UInt8(ascii: "+") { offset += 1 }
      guard end - offset <= 3 else { return nil }
      var exponent = 0
      while offset < end {
        exponent = exponent * 10 + Int(bytes[offset] &- 0x30)
        offset += 1
      }
      scale += isMinus ? -exponent : exponent
    }
    guard -22...22 ~= scale else { return nil }
    let value = scale < 0 ? Double(mantissa) / powers[-scale] : Double(mantissa) * powers[scale]
    return isNegative ? -value : value
  }

  private static let powers: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
  ]
}
