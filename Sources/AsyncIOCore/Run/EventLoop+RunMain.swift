// SPDX-License-Identifier: Apache-2.0
// An error that leaves `main` makes the runtime print a crash report of some forty lines: right for a mistake in the
// program, wrong for a port that is taken. A program's main has to say what happened in a line, and to fail.

import Glibc

extension EventLoop {
  /// Runs the body as a program's main: `run`, and an error that leaves the body ends the process as tools end, with a
  /// line on standard error, `error: connect 127.0.0.1:9: connection refused (ECONNREFUSED)`, and status 1.
  ///
  /// ```swift
  /// @main struct App {
  ///   static func main() {
  ///     EventLoop.runMain {
  ///       let (reader, writer) = try await openConnection(host: "127.0.0.1", port: 7007)
  ///       try await writer.write("Ada\n")
  ///       print(try await reader.readLine() ?? "nobody answered")
  ///     }
  ///   }
  /// }
  /// ```
  ///
  /// It returns when the body does. Ctrl-C ends the process by SIGINT, after the body's clean-up, and says nothing. A
  /// program that wants the error, or a result, calls `run`.
  ///
  /// - Parameters:
  ///   - backend: The kernel interface; see `run`.
  ///   - debug: Whether to look more closely; see `run`.
  ///   - signals: What cancels the body, and ends the process afterwards; see `run`.
  public static func runMain(
    backend: BackendKind? = nil, debug: Bool? = nil, stopsOn signals: Set<Signal> = [.interrupt],
    _ body: @escaping @MainActor () async throws -> Void
  ) {
    endProcessOnError { try run(backend: backend, debug: debug, stopsOn: signals, body) }
  }

  /// The same with several loops, and a body of no actor; see `run(loops:)`.
  ///
  /// ```swift
  /// @main struct App {
  ///   static func main() {
  ///     EventLoop.runMain(loops: .perCore) {
  ///       let server = try await startServer(host: "127.0.0.1", port: 8080) { reader, writer in
  ///         while let line = try await reader.readLine() { try await writer.write(line + "\n") }
  ///       }
  ///       try await server.serveForever()
  ///     }
  ///   }
  /// }
  /// ```
  public static func runMain(
    loops: LoopCount, backend: BackendKind? = nil, debug: Bool? = nil, stopsOn signals: Set<Signal> = [.interrupt],
    _ body: @escaping @Sendable @concurrent () async throws -> Void
  ) {
    endProcessOnError { try run(loops: loops, backend: backend, debug: debug, stopsOn: signals, body) }
  }

  private static func endProcessOnError(_ body: () throws -> Void) {
    do {
      try body()
    } catch {
      // What was printed before comes first.
      fflush(nil)
      writeToStandardError("error: \(sentence(for: error))\n")
      exit(EXIT_FAILURE)
    }
  }

  /// An error that describes itself, or else its type and case: `App.Failure.noInput` says more than `noInput`.
  private static func sentence(for error: any Error) -> String {
    (error as? any CustomStringConvertible)?.description ?? String(reflecting: error)
  }
}
