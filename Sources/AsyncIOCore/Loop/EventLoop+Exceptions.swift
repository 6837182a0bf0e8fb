// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// The report of an error that no task awaits; asyncio's exception context.
public struct ExceptionContext: Sendable, CustomStringConvertible {
  /// A description: `server at 127.0.0.1:8080: the handler of the connection from 127.0.0.1:50000 failed`.
  public let message: String
  /// The error, if there is one.
  public let error: (any Error)?

  /// A report of an error.
  public init(message: String, error: (any Error)? = nil) {
    self.message = message
    self.error = error
  }

  /// The message and the error, in one line.
  public var description: String { error.map { "\(message): \($0)" } ?? message }
}

/// Handles the errors that no task awaits.
public typealias ExceptionHandler = @Sendable (EventLoop, ExceptionContext) -> Void

extension EventLoop {
  /// Sets the handler of errors that no task awaits; asyncio's `set_exception_handler`. Nil restores the default, a
  /// line on standard error. Call it on the loop's thread.
  public func setExceptionHandler(
    file: StaticString = #fileID, line: UInt = #line, _ handler: ExceptionHandler?
  ) {
    expectCurrent("setExceptionHandler", file: file, line: line)
    exceptionHandler = handler
  }

  /// Reports an error that no task awaits; asyncio's `call_exception_handler`. Call it on the loop's thread.
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

  /// Reports an error that no task awaits, from any thread. If the loop has ended, no handler is called, and the report
  /// is a line on standard error.
  package func reportFromAnywhere(_ message: String, _ error: any Error) {
    let context = ExceptionContext(message: message, error: error)
    if isCurrent { return callExceptionHandler(context) }
    if !post({ $0.callExceptionHandler(context) }) { writeToStandardError("asyncio: \(context)\n") }
  }
}

/// Writes with one system call, so that lines of several threads don't mix.
package func writeToStandardError(_ text: String) {
  var text = text
  text.withUTF8 { bytes in _ = unsafe write(2, bytes.baseAddress, bytes.count) }
}
