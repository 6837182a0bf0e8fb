// SPDX-License-Identifier: Apache-2.0

/// An element of Sec-WebSocket-Extensions: a name with parameters (RFC 6455 section 9.1).
public struct WebSocketExtension: Hashable, Sendable, CustomStringConvertible {
  /// A parameter, whose value may be missing.
  public struct Parameter: Hashable, Sendable {
    public let name: String
    public let value: String?

    public init(_ name: String, _ value: String? = nil) {
      self.name = name
      self.value = value
    }
  }

  /// The registered name: `permessage-deflate`.
  public let name: String
  /// The parameters in their order.
  public let parameters: [Parameter]

  /// An extension to offer or to accept.
  public init(_ name: String, _ parameters: [Parameter] = []) {
    self.name = name
    self.parameters = parameters
  }

  /// The form of the field.
  public var description: String {
    var text = name
    for parameter in parameters {
      text += "; " + parameter.name
      if let value = parameter.value { text += "=" + value }
    }
    return text
  }

  /// The extensions in all values of the field, in their order; nil if one is malformed.
  public static func list(fields: [String]) -> [WebSocketExtension]? {
    var extensions: [WebSocketExtension] = []
    for field in fields {
      var reader = TokenReader(field)
      while true {
        reader.skipBlanks()
        if reader.isAtEnd { break }
        if reader.take(",") { continue }
        guard let name = reader.token() else { return nil }
        var parameters: [Parameter] = []
        reader.skipBlanks()
        while reader.take(";") {
          reader.skipBlanks()
          guard let parameter = reader.token() else { return nil }
          reader.skipBlanks()
          var value: String?
          if reader.take("=") {
            reader.skipBlanks()
            guard let text = reader.tokenOrQuoted() else { return nil }
            value = text
          }
          parameters.append(Parameter(parameter.lowercased(), value))
          reader.skipBlanks()
        }
        extensions.append(WebSocketExtension(name.lowercased(), parameters))
        guard reader.isAtEnd || reader.take(",") else { return nil }
      }
    }
    return extensions
  }
}

/// Reads tokens and quoted strings (RFC 9110 section 5.6).
struct TokenReader {
  private var rest: Substring.UTF8View

  init(_ text: String) { rest = Substring(text).utf8 }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func skipBlanks() { rest = rest.drop { $0 == 0x20 || $0 == 0x09 } }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard let first = rest.first, UInt32(first) == character.value else { return false }
    rest = rest.dropFirst()
    return true
  }

  mutating func token() -> String? {
    let token = rest.prefix { Self.isTokenByte($0) }
    guard !token.isEmpty else { return nil }
    rest = rest.dropFirst(token.count)
    return String(decoding: token, as: UTF8.self)
  }

  /// A token, plain or in quotes: the value of an extension's parameter must be a token once unquoted.
  mutating func tokenOrQuoted() -> String? {
    guard take("\"") else { return token() }
    var bytes: [UInt8] = []
    while let byte = rest.first {
      rest = rest.dropFirst()
      if byte == UInt8(ascii: "\"") {
        return !bytes.isEmpty && bytes.allSatisfy(Self.isTokenByte) ? String(decoding: bytes, as: UTF8.self) : nil
      }
      if byte == UInt8(ascii: "\\") {
        guard let escaped = rest.first else { return nil }
        rest = rest.dropFirst()
        bytes.append(escaped)
      } else {
        bytes.append(byte)
      }
    }
    return nil
  }

  static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }
}
