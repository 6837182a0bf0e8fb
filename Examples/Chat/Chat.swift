// SPDX-License-Identifier: Apache-2.0
// A chat room: every member reads what every member writes. `chat [PORT [PATIENCE]]`, then `nc 127.0.0.1 7008` in some
// terminals.
//
// It shows one handler per connection, a broadcast with a bound, and how to treat a member who doesn't read. That
// member holds up no other. The broadcast keeps 100 messages for each member. A member who is further behind, or takes
// nothing for ten seconds, is put out.

import AsyncIO
import Glibc

@main struct Chat {
  static func main() {
    let words = CommandLine.arguments.dropFirst()
    let port = UInt16(words.first ?? "") ?? 7008
    let patience = Duration.seconds(words.count > 1 ? Int(words.last ?? "") ?? 10 : 10)
    EventLoop.runMain {
      let room = Broadcast<String>(lag: 100, slow: .disconnect)
      let limits = ServerLimits(connectionsPerPeer: 200)
      let server = try await startServer(host: "127.0.0.1", port: port, limits: limits) { stream in
        try await serve(stream, in: room, patience)
      }
      print("chat at", server.addresses[0])
      fflush(nil)
      try await server.serveForever()
    }
  }

  static func serve(_ stream: ByteStream, in room: Broadcast<String>, _ patience: Duration) async throws {
    try await stream.write("your name?\n")
    guard let name = try await stream.readLine(), !name.isEmpty else { return }
    // Subscribe before telling the others: later messages are for this member too.
    let messages = room.subscribe()
    try await room.send("* \(name) has come\n")
    do {
      try await withTaskScope { scope in
        scope.createTask(name: "to \(name)") {
          for try await message in messages {
            try await withTimeout(patience) { try await stream.write(message) }
          }
        }
        for try await line in stream.lines where !line.isEmpty { try await room.send("\(name): \(line)\n") }
        scope.cancel()
      }
    } catch {
      print("\(name) was put out: \(error)")
      fflush(nil)
      stream.abort()
    }
    try await room.send("* \(name) has gone\n")
  }
}
