// SPDX-License-Identifier: Apache-2.0

public import HTTP1Codec

/// Why a request can't be read, or a response not be sent. A handler may let most of these pass: the server then
/// refuses the request with the right status, and reports nothing, since the client is at fault.
///
/// ```swift
/// func store(_ request: HTTPServerRequest) async throws -> Int {
///   do { return try await request.body.bytes(upTo: 1000).count } catch let error as HTTPServerError {
///     if case .bodyTooLarge = error.reason { return 0 }
///     throw error
///   }
/// }
/// ```
public struct HTTPServerError: Error, Sendable, CustomStringConvertible {
  /// The reasons.
  public enum Reason: Sendable {
    /// The body is larger than the limit, in bytes: 413.
    case bodyTooLarge(limit: Int)
    /// The body came more slowly than `HTTPServerLimits.leastRate`: 408.
    case bodyTooSlow
    /// The client ended its stream within the body: 400.
    case bodyIncomplete
    /// The body is not what its head says, such as a chunk without a size: 400.
    case bodyMalformed(HTTP1Error)
    /// The client took the response more slowly than `HTTPServerLimits.leastRate`. The connection was reset.
    case clientTooSlow
    /// The request does not ask for this protocol, or its version of HTTP has no upgrades: 400.
    case upgradeNotRequested
    /// The handler has answered already. A mistake of the program: 500.
    case alreadyAnswered
    /// The handler has returned: its request and response can't be used any more. A mistake of the program.
    case exchangeIsOver
  }

  /// The reason.
  public let reason: Reason
  /// The request: `POST /notes`.
  public let request: String

  init(_ reason: Reason, _ request: String) {
    self.reason = reason
    self.request = request
  }

  /// The status of the refusal; nil if the program is at fault.
  var status: Int? {
    switch reason {
    case .bodyTooLarge: 413
    case .bodyTooSlow: 408
    case .bodyIncomplete, .bodyMalformed, .upgradeNotRequested: 400
    case .clientTooSlow, .alreadyAnswered, .exchangeIsOver: nil
    }
  }

  var isClients: Bool {
    if case .clientTooSlow = reason { true } else { status != nil }
  }

  /// The request and the reason, in one line.
  public var description: String { "\(request): \(reason)" }
}

extension HTTPServerError.Reason: CustomStringConvertible {
  public var description: String {
    switch self {
    case .bodyTooLarge(let limit): "the body is larger than \(limit) bytes (HTTPServerLimits.bodySize)"
    case .bodyTooSlow: "the body came too slowly (HTTPServerLimits.leastRate)"
    case .bodyIncomplete: "the client ended its stream within the body"
    case .bodyMalformed(let error): "\(error)"
    case .clientTooSlow: "the client took the response too slowly (HTTPServerLimits.leastRate)"
    case .upgradeNotRequested: "the request does not ask for this protocol"
    case .alreadyAnswered: "the request was answered already"
    case .exchangeIsOver: "the handler has returned, and its request and response are over"
    }
  }
}
