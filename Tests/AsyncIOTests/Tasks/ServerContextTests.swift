// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Testing

@Suite(.virtualTime) struct ServerContextTests {
  @Test func handlersAreTasksWithTheValuesOfThePlaceWhereTheServerWasStarted() async throws {
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
}
