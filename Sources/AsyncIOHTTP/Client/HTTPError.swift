// SPDX-License-Identifier: Apache-2.0
// One error type for the client. Programs decide on the kind. The description is one line for people, and always names
// the request.

import AsyncIOCore
public import HTTP1Codec

/// Why a request failed.
///
/// `description` is one line: `get http://127.0.0.1:1/: timed out after 10 s while connecting`.
///
/// ```swift
/// do {
///   print(try await fetch("http://127.0.0.1:9/").text())
/// } catch let error as HTTPError {
///   if case .timedOut = error.kind { print("too slow") } else { print(error) }
/// }
/// ```
///
/// A cancelled request throws `CancellationError` instead.
public struct HTTPError: Error, Sendable, CustomStringConvertible {
  /// The phase of a request.
  public enum Phase: String, Sendable {
    case waitingForConnection = "waiting for a free connection"
    case connecting
    case sending = "sending the request"
    case waitingForResponse = "waiting for the response"
    case receiving = "receiving the body"
  }

  /// The reason, one name for each.
  public enum Kind: Sendable {
    /// The text is not a URL.
    case invalidURL(HTTPURLError)
    /// The URL has a scheme for other purposes: ws, wss.
    case unsupportedScheme(String)
    /// The method, the target or the fields cannot be sent.
    case invalidRequest(HTTP1Error)
    /// No connection could be made. The error is a `NameError`, a `SystemError`, or a `TLSError` that says what is
    /// wrong with the server's certificate.
    case connectionFailed(any Error)
    /// The connection broke during the request. The error is a `SystemError` or a `TLSError`.
    case connectionLost(any Error)
    /// The server closed the connection before the response was complete. Servers also do so when an http URL names
    /// their https port.
    case unexpectedEnd(HTTP1Error)
    /// The server's bytes are not HTTP/1.1, or exceed a limit of the codec.
    case malformedResponse(HTTP1Error)
    /// The server answered an http request with a TLS record: the port is one for https.
    case serverSpeaksTLS
    /// A limit of `HTTPTimeouts` was hit.
    case timedOut(Phase, after: Duration)
    /// The response would be one redirect more than `HTTPClient.Configuration.maximumRedirects`.
    case tooManyRedirects(limit: Int)
    /// The redirect's Location is not a URL that can be followed.
    case invalidRedirect(HTTPURLError)
    /// `HTTPClient.Configuration.redirects` does not allow this redirect.
    case redirectRefused(to: HTTPURL, HTTPRedirectRefusal)
    /// The body has more bytes than the caller accepts.
    case bodyTooLarge(limit: Int)
  }

  /// The method of the request that failed; after a redirect, that of the last one.
  public let method: HTTPMethod
  /// The URL of the request that failed, with control characters escaped.
  public let url: String
  /// The reason.
  public let kind: Kind

  init(_ method: HTTPMethod, _ url: String, _ kind: Kind) {
    self.method = method
    self.url = Self.harmless(url)
    self.kind = kind
  }

  /// One line: the method, the URL and the reason.
  public var description: String {
    switch kind {
    case .invalidURL(let error): "\(url): \(error.kind)"
    default: "\(method.name.lowercased()) \(url): \(kind)"
    }
  }

  /// Escapes foreign text, so that it stays on its line.
  private static func harmless(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { $0.value < 0x20 || 0x7F..<0xA0 ~= $0.value }) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      if scalar.value < 0x20 || 0x7F..<0xA0 ~= scalar.value {
        result += scalar.escaped(asASCII: true)
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

extension HTTPError.Kind: CustomStringConvertible {
  /// The reason in words, without the request.
  public var description: String {
    switch self {
    case .invalidURL(let error): "\(error.kind)"
    case .unsupportedScheme(let scheme): "a \(scheme) URL can't be requested"
    case .invalidRequest(let error), .unexpectedEnd(let error), .malformedResponse(let error): "\(error)"
    case .connectionFailed(let error), .connectionLost(let error): "\(error)"
    case .timedOut(let phase, let limit): "timed out after \(limit.inWords) while \(phase.rawValue)"
    case .tooManyRedirects(let limit): "more than \(limit) redirects"
    case .serverSpeaksTLS: "the server answered in TLS: the URL must begin with https"
    case .invalidRedirect(let error): "can't follow Location \"\(error.excerpt)\": \(error.kind)"
    case .redirectRefused(let url, let refusal): "refused a redirect to \(url): \(refusal)"
    case .bodyTooLarge(let limit): "the body is larger than \(limit) bytes"
    }
  }
}

extension Duration {
  /// `10 s`, `2.5 s`, `50 ms`.
  var inWords: String {
    let milliseconds = clampedNanoseconds / 1_000_000
    if milliseconds < 1000 { return "\(milliseconds) ms" }
    if milliseconds % 1000 == 0 { return "\(milliseconds / 1000) s" }
    let tenths = milliseconds / 100
    return "\(tenths / 10).\(tenths % 10) s"
  }
}
