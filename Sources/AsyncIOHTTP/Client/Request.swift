// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import HTTP1Codec

/// A request to send, with its time limits. A redirect changes it.
struct Request {
  var method: HTTPMethod
  var url: HTTPURL
  var fields: HTTPFields
  var body: [UInt8]?
  var deadlines: Deadlines

  func error(_ kind: HTTPError.Kind) -> HTTPError { HTTPError(method, url.description, kind) }

  /// The error that the caller gets for a failure in this phase.
  func describe(_ error: any Error, in phase: HTTPError.Phase, on loop: EventLoop) -> any Error {
    switch error {
    case is CancellationError, is HTTPError: error
    case is DeadlinePassed: self.error(.timedOut(phase, after: deadlines.limit(hitIn: phase, on: loop)))
    case let error as HTTP1Error: self.error(error.kindOfFailure)
    case is ServerSpeaksTLS: self.error(.serverSpeaksTLS)
    default:
      self.error(phase == .connecting ? .connectionFailed(error) : .connectionLost(error))
    }
  }
}

extension HTTP1Error {
  fileprivate var kindOfFailure: HTTPError.Kind {
    switch kind {
    case .endedBeforeHead, .endedInsideHead, .endedInsideBody, .endedInsideTrailers: .unexpectedEnd(self)
    default: message == .response ? .malformedResponse(self) : .invalidRequest(self)
    }
  }
}

extension HTTPMethod {
  /// Whether repeating the request has no further effect (RFC 9110 section 9.2.2).
  var isIdempotent: Bool {
    switch self {
    case .get, .head, .put, .delete, .options, .trace: true
    default: false
    }
  }
}
