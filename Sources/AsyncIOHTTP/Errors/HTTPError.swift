// SPDX-License-Identifier: Apache-2.0
// One error type for the client. The kind is what a program decides on; the description is one line for people that
// names the request, whatever happened below.

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
  /// What a request was doing.
  public enum Phase: String, Sendable {
    case waitingForConnection = "waiting for a free connection"
    case connecting
    case sending = "sending the request"
    case waitingForResponse = "waiting for the response"
    case receiving = "receiving the body"
  }

  /// Each reason by name.
  public enum Kind: Sendable {
    /// The text is not a URL.
    case invalidURL(HTTPURLError)
    /// A URL with a scheme that is not for requests: ws, wss.
    case unsupportedScheme(String)
    /// The method, the target or the fields cannot be sent.
    case invalidRequest(HTTP1Error)
    /// No connection could be made: a `NameError`, a `SystemError`, or a `TLSError` that says what is wrong with the
    /// server's certificate.
    case connectionFailed(any Error)
    /// The connection broke during the request: a `SystemError` or a `TLSError`.
    case connectionLost(any Error)
    /// The server closed the connection before the response was complete; without a word also where an http URL has the
    /// port of https.
    case unexpectedEnd(HTTP1Error)
    /// What the server sent is not HTTP/1.1, or exceeds a limit of the codec.
    case malformedResponse(HTTP1Error)
    /// An http request was answered with a record of TLS: the port is one for https.
    case serverSpeaksTLS
    /// A limit of `HTTPTimeouts` was hit.
    case timedOut(Phase, after: Duration)
    /// More redirects than `HTTPClient.Configuration.maximumRedirects`.
    case tooManyRedirects(limit: Int)
    /// Location is not a URL that can be followed.
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
  public let kind: Kind

  init(_ method: HTTPMethod, _ url: String, _ kind: Kind) {
    self.method = method
    self.url = Self.harmless(url)
    self.kind = kind
  }

  public var description: String {
    switch kind {
    case .invalidURL(let error): "\(url): \(error.kind)"
    default: "\(method.name.lowercased()) \(url): \(kind)"
    }
  }

  /// A text that came from elsewhere, so that it stays within its line.
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
  /// The reason in words, without the request it is about.
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
