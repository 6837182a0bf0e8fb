// SPDX-License-Identifier: Apache-2.0
// Signals that end a program.

import AsyncIO
import Glibc

extension RunScenarios {
  static var signalScenarios: [String: () throws -> Void] {
    [
      "stops-on-signals": stopsOnSignals, "serves-until-a-signal": servesUntilASignal,
      "receives-signals": receivesSignals, "stuck-receiver": stuckReceiver,
    ]
  }

  private static func stopsOnSignals() throws {
    try EventLoop.run(stopsOn: [.interrupt, .terminate, .hangup]) {
      say("ready")
      do { try await sleep(.seconds(3600)) } catch {
        say("\(currentCancelReason?.description ?? "no reason")")
        // A supervisor may send the signal again.
        if currentCancelReason?.message == "SIGTERM" { kill(getpid(), SIGTERM) }
        await Task { try? await sleep(.milliseconds(1)) }.value
        say("cleaned up")
        throw error
      }
    }
  }

  /// The request in progress is answered, and then the program goes on.
  private static func servesUntilASignal() throws {
    try EventLoop.run(stopsOn: [.interrupt, .terminate]) {
      let server = try await startServer(host: "127.0.0.1", port: 0) { stream in
        while let line = try await stream.readLine() {
          say("ready")
          while !stream.isServerShuttingDown { try await sleep(.milliseconds(1)) }
          try await stream.write("<\(line)>\n")
        }
      }
      let client = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      try await client.write("request\n")
      let answer = Task { try await client.readToEnd() }
      try await server.serveForever(drain: .seconds(10), stopsOn: [.terminate, .hangup])
      say(String(decoding: try await answer.value, as: UTF8.self).split(separator: "\n").joined())
      try await client.close()
      say("goes on")
      // From here on, the run watches the signal again.
      kill(getpid(), SIGTERM)
      do { try await sleep(.seconds(3600)) } catch {
        say("cancelled")
        throw error
      }
    }
  }

  /// While somebody receives the signals they don't stop the run, however often Ctrl-C comes; then they do again.
  private static func receivesSignals() throws {
    try EventLoop.run(stopsOn: [.interrupt, .terminate]) {
      var count = 0
      say("ready")
      for await signal in signals(.interrupt, .terminate) {
        say("received \(signal)")
        count += 1
        if count < 4 { kill(getpid(), count == 2 ? SIGTERM : SIGINT) } else { break }
      }
      kill(getpid(), SIGTERM)
      do { try await sleep(.seconds(3600)) } catch {
        say("cancelled")
        throw error
      }
    }
  }

  /// The second Ctrl-C ends a program that is too busy to receive the first.
  private static func stuckReceiver() throws {
    try EventLoop.run {
      let receiving = Task { for await signal in signals(.interrupt) { say("received \(signal)") } }
      try await sleep(.milliseconds(1))
      kill(getpid(), SIGINT)
      kill(getpid(), SIGINT)
      say("goes on")
      receiving.cancel()
    }
  }
}
