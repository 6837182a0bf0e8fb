// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Testing

@Suite(.virtualTime) struct ServerContextTests {
  @Test func `handlers are tasks with the values of the place where the server was started`() async throws {
    let log = Log()
    let server = try await Marker.$value.withValue(4) {
      try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        log.add("\(Marker.value) \(currentTask!.name.hasPrefix("connection from 127.0.0.1:"))")
        #expect(currentDeadline == nil)
        try await writer.write("x")
      }
    }
    for _ in 0..<3 {
      let (reader, _) = try await openConnection(host: "127.0.0.1", port: server.port)
      #expect(try await reader.readToEnd() == [UInt8(ascii: "x")])
    }
    #expect(log.entries == ["4 true", "4 true", "4 true"])
    server.close()
    try await server.waitClosed()
    #expect(allTasks.isEmpty)
  }

  @Test func `the task of a connection says what its handler failed with`() async throws {
    struct Failure: Error {}
    let log = Log()
    EventLoop.current.setExceptionHandler { _, context in log.add(context.message) }
    let server = try await startServer(host: "127.0.0.1", port: 0) { reader, _ in
      currentTask!.addDoneCallback { log.add("\($0.error!)") }
      _ = try await reader.readToEnd()
      throw Failure()
    }
    let port = server.port
    var peer = ""
    do { peer = try await openConnection(host: "127.0.0.1", port: port).1.localAddress!.description }
    server.close()
    try await server.waitClosed()
    try await sleep(.milliseconds(1))
    #expect(
      log.entries == ["server at 127.0.0.1:\(port): the handler of the connection from \(peer) failed", "Failure()"])
  }
}
