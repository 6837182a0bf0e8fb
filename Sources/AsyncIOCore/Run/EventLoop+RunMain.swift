// SPDX-License-Identifier: Apache-2.0
// An error that leaves `main` makes the runtime print a crash report of some forty lines. That is right for a mistake
// in the program, but wrong for a port that is taken. A program's main has to report the error in a line, and to fail.

import Glibc

extension EventLoop {
  /// Runs the body as a program's main: `run` with an end for errors. An error of the body ends the process as tools
  /// do, with a line on standard error, `error: connect 127.0.0.1:9: connection refused (ECONNREFUSED)`, and status 1.
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
  /// It returns when the body does. Ctrl-C ends the process by SIGINT, after the body's clean-up, without a message.
  /// Programs that want the error or a result call `run`.
  ///
  /// - Parameters:
  ///   - backend: The backend; see `run`.
  ///   - debug: Whether to check and report more; see `run`.
  ///   - signals: The signals that cancel the body, and then end the process; see `run`.
  public static func runMain(
    backend: BackendKind? = nil, debug: Bool? = nil, stopsOn signals: Set<Signal> = [.interrupt],
    _ body: @escaping @MainActor () async throws -> Void
  ) {
    endProcessOnError { try run(backend: backend, debug: debug, stopsOn: signals, body) }
  }

  /// Runs the body as a program's main with several loops; the body is outside of actors. See `run(loops:)`.
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
      // Output that was printed before comes first.
      fflush(nil)
      writeToStandardError("error: \(sentence(for: error))\n")
      exit(EXIT_FAILURE)
    }
  }

  /// The error's own description, or else its type and case: `App.Failure.noInput` says more than `noInput`.
  private static func sentence(for error: any Error) -> String {
    (error as? any CustomStringConvertible)?.description ?? String(reflecting: error)
  }
}

// A program may be started with standard input, output or error closed (`program <&-`, a careless supervisor). Then the
// next open descriptors get the numbers 0 to 2: the loop's own ring, or a client's socket, which a `print` would write
// into. Like the runtimes of Go and Rust, a loop opens /dev/null in their place before it opens anything.

enum StandardDescriptors {
  /// Makes sure that 0, 1 and 2 are open, once in the process. A program that closes them later intends that.
  static func ensureOpen() { _ = opened }

  private static let opened: Void = {
    for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
      // `open` takes the lowest free number, which is this one. Child processes inherit it.
      _ = unsafe open("/dev/null", O_RDWR)
    }
  }()
}
