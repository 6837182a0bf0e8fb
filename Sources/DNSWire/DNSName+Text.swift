// SPDX-License-Identifier: Apache-2.0
// Names as people write them (RFC 1035, §5.1): labels between dots. A dot or a backslash within a label is escaped by a
// backslash. A byte that cannot be printed is a backslash and three decimal digits.

extension DNSName: CustomStringConvertible {
  /// A name from text: `www.example.com`, with or without a final dot; `.` is the root.
  ///
  /// - Throws: `DNSError` if a label is empty or longer than 63 bytes, the name is longer than 255, or an escape is
  ///   invalid.
  public init(_ text: String) throws(DNSError) {
    if text == "." {
      self = .root
      return
    }
    var wireForm: [UInt8] = [0]
    var start = 0
    var rest = text.utf8[...]
    var ended = false
    while let byte = rest.popFirst() {
      ended = false
      switch byte {
      case UInt8(ascii: "."):
        try Self.end(label: start, of: &wireForm, text)
        start = wireForm.count
        wireForm.append(0)
        ended = true
      case UInt8(ascii: "\\"):
        wireForm.append(try Self.unescape(&rest, text))
      default:
        wireForm.append(byte)
      }
    }
    if !ended {
      try Self.end(label: start, of: &wireForm, text)
      wireForm.append(0)
    }
    guard wireForm.count <= Self.longest else { throw .nameTooLong(name: text) }
    self.init(uncheckedWireForm: wireForm)
  }

  private static func end(label start: Int, of wireForm: inout [UInt8], _ text: String) throws(DNSError) {
    let count = wireForm.count - start - 1
    guard count > 0 else { throw .emptyLabel(name: text) }
    guard count <= longestLabel else { throw .labelTooLong(name: text) }
    wireForm[start] = UInt8(count)
  }

  private static func unescape(_ rest: inout Substring.UTF8View, _ text: String) throws(DNSError) -> UInt8 {
    guard let first = rest.popFirst() else { throw .badEscape(name: text) }
    guard let hundreds = digit(first) else { return first }
    guard let tens = rest.popFirst().flatMap(digit), let ones = rest.popFirst().flatMap(digit) else {
      throw .badEscape(name: text)
    }
    guard let byte = UInt8(exactly: hundreds * 100 + tens * 10 + ones) else { throw .badEscape(name: text) }
    return byte
  }

  private static func digit(_ byte: UInt8) -> Int? { byte >= 0x30 && byte <= 0x39 ? Int(byte) - 0x30 : nil }

  /// The name as text, with a final dot.
  public var description: String {
    if isRoot { return "." }
    var text: [UInt8] = []
    for label in labels {
      for byte in label { Self.escape(byte, into: &text) }
      text.append(UInt8(ascii: "."))
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static func escape(_ byte: UInt8, into text: inout [UInt8]) {
    switch byte {
    case UInt8(ascii: "."), UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), byte]
    case 0x21...0x7e: text.append(byte)
    default: text += [UInt8(ascii: "\\"), 0x30 + byte / 100, 0x30 + byte / 10 % 10, 0x30 + byte % 10]
    }
  }
}

extension DNSName {
  /// The name that a reverse look-up of an IPv4 address asks for (RFC 1035, §3.5): `1.2.0.192.in-addr.arpa.` for
  /// 192.0.2.1.
  ///
  /// - Parameter address: The address as a number: 0xc0000201 is 192.0.2.1.
  public init(reverseOf address: UInt32) {
    var wireForm: [UInt8] = []
    for shift in [0, 8, 16, 24] {
      let digits = Array(String(address >> UInt32(shift) & 255).utf8)
      wireForm.append(UInt8(digits.count))
      wireForm += digits
    }
    self.init(uncheckedWireForm: wireForm + Self.arpa("in-addr"))
  }

  /// The name that a reverse look-up of an IPv6 address asks for (RFC 3596, §2.5): 32 labels of one hexadecimal digit.
  public init(reverseOf high: UInt64, _ low: UInt64) {
    var wireForm: [UInt8] = []
    for half in [low, high] {
      for shift in stride(from: 0, to: 64, by: 4) {
        let digit = UInt8(truncatingIfNeeded: half >> UInt64(shift) & 15)
        wireForm += [1, digit < 10 ? 0x30 + digit : 0x57 + digit]
      }
    }
    self.init(uncheckedWireForm: wireForm + Self.arpa("ip6"))
  }

  private static func arpa(_ first: String) -> [UInt8] {
    [UInt8(first.utf8.count)] + Array(first.utf8) + [4] + Array("arpa".utf8) + [0]
  }
}
