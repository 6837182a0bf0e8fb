// SPDX-License-Identifier: Apache-2.0
// All parsing works on borrowed memory through `UnsafeRawBufferPointer`, and not on `Span`, for two reasons. Input may
// be a buffer that the kernel also writes, which must not be lent as a `Span`; and memchr needs an address. No pointer
// outlives the call that received it: parsers copy input or keep offsets into it. The subscripts are bounds-checked in
// debug builds, where the fuzz tests run.
import Glibc

typealias ByteView = UnsafeRawBufferPointer

extension UnsafeRawBufferPointer {
  /// The part of the view in `range`, with offsets that start at 0.
  @inline(__always)
  func part(_ range: Range<Int>) -> ByteView { ByteView(rebasing: self[range]) }

  /// The offset of the first `byte` in `range`.
  @inline(__always)
  func firstOffset(of byte: UInt8, in range: Range<Int>) -> Int? {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "range outside the bytes")
    guard !range.isEmpty, let base = baseAddress else { return nil }
    guard let found = memchr(base + range.lowerBound, Int32(byte), range.count) else { return nil }
    return UnsafeRawPointer(found) - base
  }

  /// The range of the view without the SP and HTAB at its ends.
  @inline(__always)
  func trimmingBlanks(_ range: Range<Int>) -> Range<Int> {
    var start = range.lowerBound
    var end = range.upperBound
    while start < end, ASCII.isBlank(self[start]) { start += 1 }
    while end > start, ASCII.isBlank(self[end - 1]) { end -= 1 }
    return start..<end
  }

  /// Whether these are the bytes of `lowercase`, ignoring the case of ASCII letters.
  @inline(__always)
  func equalsIgnoringCase(_ lowercase: StaticString) -> Bool {
    guard count == lowercase.utf8CodeUnitCount else { return false }
    // Safety: the literals are several ASCII characters long, so they have a pointer representation, whose storage is
    // static.
    return equalsIgnoringCase(ByteView(start: lowercase.utf8Start, count: lowercase.utf8CodeUnitCount))
  }

  /// Whether the two views are equal, ignoring the case of ASCII letters.
  @inline(__always)
  func equalsIgnoringCase(_ other: ByteView) -> Bool {
    guard count == other.count else { return false }
    for offset in 0..<count where self[offset] != other[offset] {
      if ASCII.lowercased(self[offset]) != ASCII.lowercased(other[offset]) { return false }
    }
    return true
  }

  /// The bytes in `range` as text; invalid UTF-8 becomes U+FFFD.
  func text(_ range: Range<Int>) -> String { String(decoding: part(range), as: UTF8.self) }
}
