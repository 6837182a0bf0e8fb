// SPDX-License-Identifier: Apache-2.0
// A collector of sensor readings. `collector [UDP-PORT [TCP-PORT]]`: a sensor sends datagrams of "NAME VALUE", a
// gateway keeps a connection open and asks now and then: "get NAME" or "stats".
//
// It shows datagrams taken in batches, so that ten thousand senders cost a few system calls. Idle connections cost a
// few KB each. State needs no lock, since all of it belongs to the loop's thread (the main actor).

import AsyncIO
import Glibc

@MainActor final class Readings {
  private var latest: [String: Double] = [:]
  private var received = 0
  private var malformed = 0

  /// Takes a datagram.
  func take(_ text: String) {
    let words = text.split(separator: " ")
    guard words.count == 2, let value = Double(words[1]) else {
      malformed += 1
      return
    }
    received += 1
    latest[String(words[0])] = value
  }

  /// The answer to a gateway.
  func answer(_ request: String) -> String {
    let words = request.split(separator: " ")
    switch words.first {
    case "get" where words.count == 2: return latest[String(words[1])].map { "\($0)" } ?? "unknown"
    case "stats": return "\(latest.count) sensors, \(received) readings, \(malformed) malformed"
    default: return "what?"
    }
  }
}

@main struct Collector {
  static func main() {
    let ports = CommandLine.arguments.dropFirst().map { UInt16($0) ?? 0 } + [0, 0]
    EventLoop.runMain {
      let readings = Readings()
      let socket = try await DatagramSocket.bind(to: .loopback(port: ports[0]))
      let server = try await startServer(host: "127.0.0.1", port: ports[1]) { stream in
        for try await request in stream.lines { try await stream.write(readings.answer(request) + "\n") }
      }
      print("sensors at \(socket.port), gateways at \(server.port)")
      fflush(nil)
      var batch = DatagramBatch()
      while true {
        try await socket.receive(into: &batch)
        for datagram in batch { readings.take(String(decoding: datagram.bytes, as: UTF8.self)) }
      }
    }
  }
}
