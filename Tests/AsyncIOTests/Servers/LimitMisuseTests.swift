// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import Testing

/// A meaningless limit ends the process with a sentence: the server would never serve a connection.
@Suite struct LimitMisuseTests {
  private func expect(
    _ sentence: String, from result: ExitTest.Result?, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let said = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(said.contains(sentence), sourceLocation: sourceLocation)
  }

  @Test func `limits that are set after the init`() async {
    let connections = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var limits = ServerLimits()
      limits.connections = -1
      _ = try await startServer(host: "127.0.0.1", port: 0, limits: limits) { _ in }
    }
    expect("ServerLimits: a server wants at least one connection", from: connections)
    let rate = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var limits = ServerLimits()
      limits.leastRate = 10
      _ = try await startServer(host: "127.0.0.1", port: 0, limits: limits) { _ in }
    }
    expect("measured over timeWithoutProgress, which is to be given with it", from: rate)
  }

  @Test func `streams that may hold nothing`() async {
    let server = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = try await startServer(host: "127.0.0.1", port: 0, options: ServerOptions(limit: 0)) { _ in }
    }
    expect("startServer: the limit of a stream is a number of bytes above 0", from: server)
    let client = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = try await openConnection(host: "127.0.0.1", port: 9, limit: -1)
    }
    expect("openConnection: the limit of a stream is a number of bytes above 0", from: client)
    let pair = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = try await ByteStream.pair(limit: 0)
    }
    expect("StreamReader: the limit of a stream is a number of bytes above 0", from: pair)
  }
}
