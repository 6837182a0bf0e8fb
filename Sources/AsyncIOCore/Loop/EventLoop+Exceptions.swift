// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// What is known of an error that nobody awaits; asyncio's exception context.
public struct ExceptionContext: Sendable, CustomStringConvertible {
  /// What went wrong, in words: `server at 127.0.0.1:8080: the handler of the connection from 127.0.0.1:50000 failed`.
  public let message: String
  public let error: (any Error)?

  public init(message: String, error: (any Error)? = nil) {
    self.message = message
    self.error = error
  }

  public var description: String { error.map { "\(message): \($0)" } ?? message }
}

/// Takes the errors that nobody awaits.
public typealias ExceptionHandler = @Sendable (EventLoop, ExceptionContext) -> Void

extension EventLoop {
  /// Replaces what happens to errors that nobody awaits; nil is the default, a line on standard error. asyncio's
  /// `set_exception_handler`. On the loop's thread.
  public func setExceptionHandler(
    file: StaticString = #fileID, line: UInt = #line, _ handler: ExceptionHandler?
  ) {
    expectCurrent("setExceptionHandler", file: file, line: line)
    exceptionHandler = handler
  }

  /// Reports an error that nobody awaits; asyncio's `call_exception_handler`. On the loop's thread.
  public func callExceptionHandler(
    _ context: ExceptionContext, file: StaticString = #fileID, line: UInt = #line
  ) {
    expectCurrent("callExceptionHandler", file: file, line: line)
    if let exceptionHandler {
      exceptionHandler(self, context)
    } else {
      writeToStandardError("asyncio: \(context)\n")
    }
  }

  /// Reports an error that nobody awaits, from any thread. A loop that has ended calls no handler: then it is a line on
  /// standard error.
  package func reportFromAnywhere(_ message: String, _ error: any Error) {
    let context = ExceptionContext(message: message, error: error)
    if isCurrent { return callExceptionHandler(context) }
    if !post({ $0.callExceptionHandler(context) }) { writeToStandardError("asyncio: \(context)\n") }
  }
}

/// In one system call, so that lines of several threads don't mix.
package func writeToStandardError(_ text: String) {
  var text = text
  text.withUTF8 { bytes in _ = unsafe write(2, bytes.baseAddress, bytes.count) }
}
