// SPDX-License-Identifier: Apache-2.0
// A name is stored in wire form, uncompressed: each label after its length, and a zero at the end (RFC 1035, §3.1). So
// every name is within the limits of 63 bytes a label and 255 in all. Comparing two names is comparing bytes, ignoring
// the case of ASCII letters (§2.3.3). The case is kept: servers return a name as it was sent.

/// A domain name.
///
/// ```swift
/// let name = try DNSName("www.example.com")
/// print(name)                                     // www.example.com.
/// print(name == (try DNSName("WWW.Example.COM.")))  // true
/// ```
///
/// Names are always absolute; a final dot changes nothing.
public struct DNSName: Hashable, Sendable {
  /// The name in wire form, uncompressed: up to 255 bytes, of which the last is zero.
  public let wireForm: [UInt8]

  static let longest = 255
  static let longestLabel = 63

  /// The root, `.`.
  public static let root = DNSName(uncheckedWireForm: [0])

  init(uncheckedWireForm: [UInt8]) { wireForm = uncheckedWireForm }

  /// The labels from the left, without the root's.
  public var labels: [ArraySlice<UInt8>] {
    var labels: [ArraySlice<UInt8>] = []
    var offset = 0
    while wireForm[offset] != 0 {
      let end = offset + 1 + Int(wireForm[offset])
      labels.append(wireForm[offset + 1..<end])
      offset = end
    }
    return labels
  }

  /// Whether this is the root.
  public var isRoot: Bool { wireForm.count == 1 }

  /// The name without its first label; nil for the root.
  public var parent: DNSName? {
    isRoot ? nil : DNSName(uncheckedWireForm: Array(wireForm[(1 + Int(wireForm[0]))...]))
  }

  /// Whether this name equals the other or is below it.
  public func isWithin(_ other: DNSName) -> Bool {
    var offset = 0
    while wireForm.count - offset > other.wireForm.count { offset += 1 + Int(wireForm[offset]) }
    return wireForm.count - offset == other.wireForm.count && Self.same(wireForm[offset...], other.wireForm[...])
  }

  /// Compares two names, ignoring the case of ASCII letters.
  public static func == (left: DNSName, right: DNSName) -> Bool {
    left.wireForm.count == right.wireForm.count && same(left.wireForm[...], right.wireForm[...])
  }

  /// Hashes the name, ignoring the case of ASCII letters.
  public func hash(into hasher: inout Hasher) {
    for byte in wireForm { hasher.combine(Self.lowercase(byte)) }
  }

  /// Lengths of labels are below 64, so they are not taken for letters.
  private static func same(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Bool {
    left.elementsEqual(right) { $0 == $1 || lowercase($0) == lowercase($1) }
  }

  static func lowercase(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte }
}
