// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

extension Server {
  /// Ends the server and lets its connections finish, for so long: Go's `Server.Shutdown`.
  ///
  /// ```swift
  /// let server = try await startServer(port: 7007) { reader, writer in
  ///   for try await request in reader.lines { try await writer.write("<\(request)>\n") }
  /// }
  /// let summary = await server.shutdown(drain: .seconds(10))
  /// print(summary)  // 3 connections drained, 0 aborted
  /// ```
  ///
  /// It stops listening at once. Connections end by themselves. A connection is idle when nothing has arrived since its
  /// handler last wrote: the peer has had its last answer. A handler that then reads finds the end of the stream, as if
  /// the peer had ended it. So a handler that serves one request after the other needs no code for a shutdown. A
  /// handler in the middle of a request finishes it first, and what it writes arrives. A peer that has connected and
  /// not asked yet has a second to do so. A handler that reads without writing, or does neither, can look at
  /// `StreamReader.isServerShuttingDown`.
  ///
  /// What is left after the time is reset, and its handlers are cancelled. A handler that goes on after that is not
  /// waited for. So this takes no longer than `drain`, whatever the peers do.
  ///
  /// **Cancellation** ends the time at once: the rest is reset.
  ///
  /// - Parameter drain: `.zero` resets every connection now. Of several calls the earliest deadline counts.
  @discardableResult
  public nonisolated(nonsending) func shutdown(drain: Duration) async -> ShutdownSummary {
    await shutdown(drain: drain, isShielded: false)
  }

  /// The same as `serveForever(drain:)`, and also returns when a signal has come and the connections are done: a
  /// service that systemd or a container stops with SIGTERM answers first what it was asked.
  ///
  /// ```swift
  /// let server = try await startServer(port: 7007) { stream in try await serve(stream.reader, stream.writer) }
  /// try await server.serveForever(drain: .seconds(10), stopsOn: [.terminate, .hangup])
  /// print("goodbye")
  /// ```
  ///
  /// A signal begins `shutdown(drain:)`; then this returns, and the program goes on as it likes. The signals are this
  /// call's while it lasts, whatever `EventLoop.run` makes of them otherwise; a second Ctrl-C ends the process all the
  /// same. One that was ignored when the process started stays ignored.
  ///
  /// - Throws: `CancellationError`, after the shutdown; what `startServing` throws.
  public nonisolated(nonsending) func serveForever(drain: Duration, stopsOn signals: Set<Signal>) async throws {
    let watch = try await onCurrentLoop { loop in
      SignalWatch(signals, as: .stops, on: loop) { _ in self.beginShutdown(drain) }
    }
    defer { watch.end() }
    try await serveForever(drain: drain)
    // Its handlers, too: what they do after their connections have closed.
    _ = await shutdown(drain: drain, isShielded: true)
  }

  private func beginShutdown(_ drain: Duration) {
    close()
    for listener in listeners { listener.onItsLoop { $0.beginShutdown(within: drain) } }
  }

  /// - Parameter isShielded: Whether a cancellation, which may have come already, does not end it.
  nonisolated(nonsending) func shutdown(drain: Duration, isShielded: Bool) async -> ShutdownSummary {
    beginShutdown(drain)
    var wasCancelled = false
    for listener in listeners where !wasCancelled {
      wasCancelled = await !listener.waitDrained(isShielded: isShielded)
    }
    if wasCancelled {
      for listener in listeners { listener.onItsLoop { $0.abortRest() } }
      for listener in listeners { _ = await listener.waitDrained(isShielded: true) }
    }
    var sum = ShutdownSummary()
    for listener in listeners {
      let summary = await listener.shutdownSummary()
      sum.drained += summary.drained
      sum.aborted += summary.aborted
    }
    return sum
  }
}

extension StreamReader {
  /// Whether this is a connection of a server that shuts down: the handler should come to an end, and is cancelled when
  /// the time is over. False of a connection that the program opened. On the stream's loop.
  ///
  /// ```swift
  /// while !reader.isServerShuttingDown {
  ///   try await writer.write("tick\n")
  ///   try await sleep(.seconds(1))
  /// }
  /// ```
  public var isServerShuttingDown: Bool { handle.transport.ownership?.isShuttingDown == true }
}

extension ByteStream {
  /// See `StreamReader.isServerShuttingDown`. On the stream's loop.
  public var isServerShuttingDown: Bool { reader.isServerShuttingDown }
}
