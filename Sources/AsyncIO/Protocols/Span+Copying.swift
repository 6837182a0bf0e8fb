// SPDX-License-Identifier: Apache-2.0
// Protocols receive lent bytes; these functions copy them.

extension Array where Element == UInt8 {
  /// Copies lent bytes.
  ///
  /// ```swift
  /// func keep(_ data: Span<UInt8>) -> [UInt8] { [UInt8](copying: data) }
  /// ```
  public init(copying span: Span<UInt8>) {
    self = span.withUnsafeBufferPointer { Array($0) }
  }
}

extension String {
  /// Decodes lent bytes as text. Invalid bytes are replaced, as in `String(decoding:as:)` of an array.
  ///
  /// ```swift
  /// func show(_ data: Span<UInt8>) { print(String(decoding: data, as: UTF8.self)) }
  /// ```
  public init(decoding span: Span<UInt8>, as encoding: UTF8.Type) {
    self = span.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
  }
}
