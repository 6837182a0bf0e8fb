// SPDX-License-Identifier: Apache-2.0

/// A content coding (RFC 9110 section 8.4.1) that this build can make and undo.
///
/// ```swift
/// var compressor = Compressor(.gzip)
/// var packed: [UInt8] = []
/// compressor.append(Array("hello hello hello".utf8), into: &packed)
/// compressor.finish(into: &packed)
/// let unpacked = try Decompressor.whole(packed, .gzip, upTo: 1000)
/// assert(unpacked == Array("hello hello hello".utf8))
/// ```
public struct ContentCoding: Hashable, Sendable, CustomStringConvertible {
  /// The format of the bytes.
  enum Format: Hashable, Sendable {
    /// The wrapper of RFC 1952.
    case gzip
    /// The wrapper of RFC 1950, which HTTP calls "deflate".
    case zlib
  }

  /// The registered name, in lower case.
  public let name: String
  let format: Format

  /// `gzip` (RFC 1952).
  public static let gzip = ContentCoding(name: "gzip", format: .gzip)
  /// `deflate`: the zlib format (RFC 1950). Some senders leave its wrapper out; `Decompressor` accepts both.
  public static let deflate = ContentCoding(name: "deflate", format: .zlib)

  /// What this build has, the best first.
  public static let available = [ContentCoding.gzip, .deflate]

  private init(name: String, format: Format) {
    self.name = name
    self.format = format
  }

  /// A coding by its name, without regard to case; nil if this build doesn't have it. `x-gzip` is `gzip`.
  public init?(_ name: String) {
    let wanted = name.lowercased()
    guard let known = Self.available.first(where: { $0.name == wanted || "x-" + $0.name == wanted }) else { return nil }
    self = known
  }

  /// The registered name.
  public var description: String { name }
}

/// Why data could not be decompressed.
public struct ContentCodingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The reason, one name for each.
  public enum Kind: Hashable, Sendable {
    /// The bytes are not of the coding.
    case malformed
    /// The data ended before the end of the coding.
    case endedEarly
    /// Bytes follow the end of the coding.
    case trailingData
    /// The data becomes larger than the limit, in bytes.
    case tooLarge(limit: Int)
    /// The data becomes more than so many times larger: a bomb.
    case ratioTooHigh(limit: Int)
  }

  /// The coding's name.
  public let coding: String
  /// The reason.
  public let kind: Kind

  init(_ coding: String, _ kind: Kind) {
    self.coding = coding
    self.kind = kind
  }

  /// `gzip: the bytes are not of this coding`.
  public var description: String {
    let reason =
      switch kind {
      case .malformed: "the bytes are not of this coding"
      case .endedEarly: "the data ended before its end"
      case .trailingData: "bytes follow the end"
      case .tooLarge(let limit): "the data is larger than \(limit) bytes"
      case .ratioTooHigh(let limit): "the data grows to more than \(limit) times its size"
      }
    return "\(coding): \(reason)"
  }
}
