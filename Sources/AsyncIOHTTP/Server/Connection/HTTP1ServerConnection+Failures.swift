// SPDX-License-Identifier: Apache-2.0
// What the server says when the client or the handler is at fault. A client learns a status and the number of its
// request, never the words of an error: these go to the log and to the loop's exception handler.

import AsyncIO
import AsyncIOCore
import HTTP1Codec

extension HTTP1ServerConnection {
  /// Answers with a prepared refusal, after which the connection closes.
  @inline(never)
  func refuse(_ status: Int, _ reason: String) {
    server.counts.refused[status, default: 0] += 1
    keepsAlive = false
    self.status = status
    let refusal = Refusals.prepared(status)
    if held.isEmpty { held = server.takeBuffer() }
    held.append(contentsOf: refusal.start)
    held.append(contentsOf: server.date)
    held.append(contentsOf: server.lines)
    held.append(contentsOf: refusal.end)
    answer = .complete
    if head?.method == .head { dropRefusalBody() }
    if DebugMode.isOn { DebugMode.log("HTTP \(status) to \(transport.waitDescription): \(reason)") }
    if !isInExchange { logRefusal(reason) } else { failure = reason }
  }

  /// The response to HEAD has no body.
  private func dropRefusalBody() {
    // The body of a refusal is its last line.
    guard let end = held.dropLast().lastIndex(of: 0x0A) else { return }
    held.removeSubrange((end + 1)...)
  }

  /// The handler has thrown.
  @inline(never)
  func handlerFailed(_ error: any Error) {
    breakOff()
    let isLost = transport.inputError != nil || transport.outputError != nil
    let isCancelled = error is CancellationError && Task.isCancelled
    if let error = error as? HTTPServerError, error.isClients {
      if answer == .none, let status = error.status { refuse(status, "\(error.reason)") }
      if answer == .none { answer = .broken }
      return
    }
    if isLost || isCancelled {
      if answer == .none { answer = .broken }
      failure = "\(error)"
      return
    }
    report(error)
  }

  /// The handler has returned and has not answered.
  @inline(never)
  func handlerForgot() { report(NoAnswer()) }

  private func report(_ error: any Error) {
    server.counts.failures += 1
    failure = "\(error)"
    let id = requestID
    let message = "HTTP server: the handler of \(requestName) failed (request \(id), from \(transport.waitDescription))"
    transport.loop.callExceptionHandler(ExceptionContext(message: message, error: error))
    guard answer == .none else { return }
    let text = Array("500 Internal Server Error\nrequest \(id)\n".utf8)
    _ = try? text.withUnsafeBytes {
      try answer(number, 500, ["x-request-id": id], nil, isText: true, $0)
    }
  }
}

/// The handler returned without an answer.
private struct NoAnswer: Error, CustomStringConvertible {
  var description: String { "it returned without an answer" }
}
