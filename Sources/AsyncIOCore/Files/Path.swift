// SPDX-License-Identifier: Apache-2.0
// A name of a file is bytes without a zero and, within one component, without a slash; everything else is convention
// (path_resolution(7)). A String would change names that are not UTF-8, and then they could not be opened any more. So
// a path keeps its bytes, with the zero that the kernel wants behind them.

/// The path of a file, as the bytes that the kernel takes; Python's `pathlib.Path`.
///
/// ```swift
/// let settings: Path = "/etc/app" / "settings.json"
/// print(settings.name, settings.parent)
/// ```
///
/// A name need not be UTF-8. Such a path works like any other; only its `description` shows the foreign bytes as
/// `\xff`. Two paths are equal if their bytes are. Nothing is normalized: `a//b` stays that.
public struct Path: Hashable, Sendable {
  /// With a zero at the end.
  private let storage: [UInt8]

  /// A path of a text.
  public init(_ text: some StringProtocol) { self.init(bytes: text.utf8) }

  /// A path of any bytes.
  ///
  /// A zero byte is kept, and each call refuses such a path with EINVAL: C would take what stands before it.
  public init(bytes: some Sequence<UInt8>) {
    var storage = [UInt8]()
    storage.reserveCapacity(bytes.underestimatedCount + 1)
    storage.append(contentsOf: bytes)
    storage.append(0)
    self.storage = storage
  }

  /// The bytes of the path, without a zero at the end.
  public var bytes: ArraySlice<UInt8> { storage.dropLast() }

  /// Whether the path has no bytes. The kernel knows no file by that name.
  public var isEmpty: Bool { storage.count == 1 }

  /// Lends the path as C takes it: null if it has a zero byte within.
  package func withCString<Result>(_ body: (UnsafePointer<CChar>?) -> Result) -> Result {
    unsafe storage.withUnsafeBytes { bytes in
      let start = unsafe bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: CChar.self)
      var length = 0
      while unsafe start[length] != 0 { length += 1 }
      return unsafe body(length == bytes.count - 1 ? start : nil)
    }
  }
}

extension Path: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
  /// A path as it is written in the source.
  public init(stringLiteral text: String) { self.init(text) }
}

extension Path: CustomStringConvertible {
  /// The path as text; bytes that are not UTF-8 as `\xff`.
  public var description: String { Path.text(of: bytes) }

  /// Bytes as text, for a reader who is to see all of them.
  static func text(of bytes: ArraySlice<UInt8>) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    var text = ""
    var rest = bytes
    while let byte = rest.first {
      let length = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
      if let character = String(validating: rest.prefix(length), as: UTF8.self) {
        text += character
        rest = rest.dropFirst(length)
      } else {
        let digits = String(byte, radix: 16)
        text += "\\x" + (digits.count < 2 ? "0" : "") + digits
        rest = rest.dropFirst()
      }
    }
    return text
  }
}
