// SPDX-License-Identifier: Apache-2.0

/// JSON (RFC 8259) for Codable types and for values of unknown shape, without Foundation.
///
/// ```swift
/// struct User: Codable { var id: Int; var name: String }
/// let bytes = try JSON.encode(User(id: 1, name: "Ada"))
/// assert(String(decoding: bytes, as: UTF8.self) == #"{"id":1,"name":"Ada"}"#)
/// let user = try JSON.decode(User.self, from: bytes)
/// assert(user.name == "Ada")
/// ```
public enum JSON {
  /// Encodes a value and returns the JSON in UTF-8, without spaces, its keys in the order of encoding.
  ///
  /// - Throws: `EncodingError` for what JSON doesn't have, such as an infinite number; what the value's `encode`
  ///   throws.
  public static func encode<Value: Encodable>(_ value: Value, options: JSONEncodingOptions = .init()) throws -> [UInt8]
  {
    var bytes: [UInt8] = []
    try encode(value, into: &bytes, options: options)
    return bytes
  }

  /// Encodes a value and appends the JSON.
  ///
  /// - Throws: As `encode(_:options:)`; then nothing was appended.
  public static func encode<Value: Encodable>(
    _ value: Value, into bytes: inout [UInt8], options: JSONEncodingOptions = .init()
  ) throws {
    if !options.sortsKeys {
      let writer = JSONWriter(options: options)
      do {
        try writer.encodeRoot(value)
        return writer.output.withBytes { bytes.append(contentsOf: $0) }
      } catch is InterleavedContainers {
        // The value writes to two containers by turns. Such values are rare, and a tree takes them.
      }
    }
    let tree = JSONTreeEncoder(options: options, path: [])
    try tree.encodeValue(value)
    let output = ByteOutput()
    try tree.node.write(into: output, options: options)
    output.withBytes { bytes.append(contentsOf: $0) }
  }

  /// Decodes a value from JSON in UTF-8.
  ///
  /// - Throws: `JSONError` if the bytes are not JSON, with the line and the column. `DecodingError` if they are not
  ///   JSON of this type, with the coding path.
  public static func decode<Value: Decodable>(
    _ type: Value.Type, from bytes: [UInt8], options: JSONDecodingOptions = .init()
  ) throws -> Value {
    try bytes.withUnsafeBytes { try decode(type, from: $0, options: options) }
  }

  /// Decodes a value from JSON in memory, which is read during the call only.
  ///
  /// - Throws: As `decode(_:from:options:)` with an array.
  public static func decode<Value: Decodable>(
    _ type: Value.Type, from bytes: UnsafeRawBufferPointer, options: JSONDecodingOptions = .init()
  ) throws -> Value {
    let document = try JSONDocument(bytes, options: options)
    defer { document.close() }
    return try document.decode(type, at: 0)
  }
}

/// How values become JSON.
public struct JSONEncodingOptions: Sendable {
  /// Whether the keys of an object are sorted by their bytes, so that equal values give equal bytes.
  public var sortsKeys = false
  /// Available to `encode(to:)` as `encoder.userInfo`.
  public var userInfo: [CodingUserInfoKey: any Sendable] = [:]

  /// The options with their defaults.
  public init(sortsKeys: Bool = false) { self.sortsKeys = sortsKeys }
}

/// What JSON is accepted, and how.
public struct JSONDecodingOptions: Sendable {
  /// What happens when an object has a key twice.
  public enum DuplicateKeys: Sendable {
    /// The first one counts, as with Foundation's decoder.
    case firstCounts
    /// The bytes are refused: two readers could see two values.
    case error
  }

  /// How deep arrays and objects may stand in each other; 512.
  public var maximumDepth = 512
  /// What happens when an object has a key twice.
  public var duplicateKeys = DuplicateKeys.firstCounts
  /// Available to `init(from:)` as `decoder.userInfo`.
  public var userInfo: [CodingUserInfoKey: any Sendable] = [:]

  /// The options with their defaults.
  public init() {}
}
