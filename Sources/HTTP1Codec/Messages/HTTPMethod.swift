// SPDX-License-Identifier: Apache-2.0

/// A request method (RFC 9110 section 9): a case-sensitive token.
///
/// ```swift
/// let purge = HTTPMethod("PURGE")!
/// assert(purge != .get)
/// ```
public struct HTTPMethod: Hashable, Sendable, CustomStringConvertible {
  /// The token.
  public let name: String

  /// A method by its name; nil if the name is not a token.
  public init?(_ name: String) {
    guard !name.isEmpty, name.utf8.allSatisfy({ ByteSet.token.contains($0) }) else { return nil }
    self.name = name
  }

  init(token: String) { name = token }

  /// The token.
  public var description: String { name }

  public static let get = HTTPMethod(token: "GET")
  public static let head = HTTPMethod(token: "HEAD")
  public static let post = HTTPMethod(token: "POST")
  public static let put = HTTPMethod(token: "PUT")
  public static let delete = HTTPMethod(token: "DELETE")
  public static let connect = HTTPMethod(token: "CONNECT")
  public static let options = HTTPMethod(token: "OPTIONS")
  public static let trace = HTTPMethod(token: "TRACE")
  public static let patch = HTTPMethod(token: "PATCH")
}
