// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOHTTP
import AsyncIOTLS
import Glibc

/// A page that was not fetched: the message, how to count it, and whether another attempt may help.
struct Failure: Error {
  let message: String
  /// For the summary: `connection refused`.
  let kind: String
  let mayBeTriedAgain: Bool

  init(_ status: Int, reason: String, of url: HTTPURL) {
    message = "get \(url): \(status)\(reason.isEmpty ? "" : " ")\(reason)"
    kind = "status \(status)"
    mayBeTriedAgain = status >= 500
  }

  init(_ malformed: URLList.Malformed) {
    message = "\(malformed.text.debugDescription): \(malformed.reason)"
    kind = "malformed URL"
    mayBeTriedAgain = false
  }

  init(_ error: any Error) {
    message = "\(error)"
    switch (error as? HTTPError)?.kind {
    case .timedOut: (kind, mayBeTriedAgain) = ("timed out", true)
    case .connectionFailed(let cause as SystemError), .connectionLost(let cause as SystemError):
      (kind, mayBeTriedAgain) = (cause.code.explanation, true)
    case .connectionFailed(let cause as NameError):
      // The name server may be busy; a name that doesn't exist won't exist a second later.
      (kind, mayBeTriedAgain) = ("unknown host", cause.code == EAI_AGAIN)
    case .connectionFailed(let cause as TLSError), .connectionLost(let cause as TLSError):
      (kind, mayBeTriedAgain) = ("\(cause.kind)", cause.mayPass)
    case .connectionFailed, .connectionLost: (kind, mayBeTriedAgain) = ("connection lost", true)
    case .unexpectedEnd: (kind, mayBeTriedAgain) = ("unexpected end", true)
    case .malformedResponse: (kind, mayBeTriedAgain) = ("not HTTP", false)
    case .tooManyRedirects, .invalidRedirect: (kind, mayBeTriedAgain) = ("bad redirect", false)
    case nil: (kind, mayBeTriedAgain) = (error is FileFailure ? "not stored" : "other", false)
    default: (kind, mayBeTriedAgain) = ("other", false)
    }
  }

  /// `no such file or directory (ENOENT)`.
  static func explanation(of code: Int32) -> String {
    let code = SystemError.Code(rawValue: code)
    return "\(code.explanation) (\(code.name))"
  }
}

extension TLSError {
  /// Whether the failure may be gone a second later; a bad certificate won't be.
  fileprivate var mayPass: Bool {
    switch kind {
    case .truncated, .handshakeTimedOut: true
    default: false
    }
  }
}
