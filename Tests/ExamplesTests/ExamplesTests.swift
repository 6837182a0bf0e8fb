// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Glibc
import TestSupport
import Testing

@Suite("Examples", .timeLimit(.minutes(2))) struct ExamplesTests {
  private static let folder =
    "\(#filePath)".split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    + "/Examples"

  @Test(.eventLoop) func `the echo servers in Python and in Swift say the same`() async throws {
    var told: [[String]] = []
    let programs = [
      try TestProgram.ours("echo", ["0"]), try TestProgram("python3", ["\(Self.folder)/Echo/echo.py", "0"]),
    ]
    for server in programs {
      let first = await onThread { server.readLine() ?? "" }
      let port = UInt16(first.split(separator: ":").last ?? "") ?? 0
      var lines = [first.replacing("\(port)", with: "PORT")]
      for text in ["hello\n", "a line\nand another\n", "no end"] {
        let answer = try await withConnection(host: "127.0.0.1", port: port) { stream in
          try await stream.write(text)
          try await stream.writer.writeEOF()
          return try await stream.readToEnd()
        }
        #expect(answer == Array(text.utf8))
        // One after another: lines of two connections at once may come in any order.
        for _ in 0..<2 { lines.append(await onThread { server.readLine() ?? "" }) }
      }
      server.send(SIGTERM)
      told.append(lines)
    }
    #expect(told[0] == told[1])
    #expect(told[0].first == "serving on 127.0.0.1:PORT")
  }

  @Test(.eventLoop)
  func `pools of processes in Python and in Swift compute the squares of 0 to 9`() async throws {
    let programs = [
      try TestProgram.ours("multiprocessing"),
      try TestProgram("python3", ["\(Self.folder)/Multiprocessing/squares.py"]),
    ]
    for program in programs {
      #expect(await onThread { program.lines() } == ["[0, 1, 4, 9, 16, 25, 36, 49, 64, 81]"])
      #expect(await onThread { program.wait() } == 0)
    }
  }

  @Test(.eventLoop) func `a chat goes on for those who read, and puts out the one who doesn't`() async throws {
    let server = try TestProgram.ours("chat", ["0", "1"])
    let port = await onThread { server.ports().last ?? 0 }
    func enter(_ name: String) async throws -> ByteStream {
      let stream = try await ByteStream.connect(host: "127.0.0.1", port: port)
      #expect(try await stream.readLine() == "your name?")
      try await stream.write("\(name)\n")
      #expect(try await stream.readLine() == "* \(name) has come")
      return stream
    }
    let ada = try await enter("ada")
    let bob = try await enter("bob")
    #expect(try await ada.readLine() == "* bob has come")
    // Reads no more from here on.
    let sleeper = try await enter("sleeper")
    #expect(try await ada.readLine() == "* sleeper has come")
    #expect(try await bob.readLine() == "* sleeper has come")

    try await ada.write("hello\n")
    #expect(try await bob.readLine() == "ada: hello")
    #expect(try await ada.readLine() == "ada: hello")

    // More than the sleeper's buffers and the broadcast's bound can hold, in step with bob.
    let long = String(repeating: "x", count: 60_000)
    while true {
      try await ada.write("\(long)\n")
      let heard = try await bob.readLine()
      let own = try await ada.readLine()
      if heard == "* sleeper has gone" || own == "* sleeper has gone" { break }
    }
    let lines = await onThread { server.readLine() ?? "" }
    #expect(lines.hasPrefix("sleeper was put out: "))
    sleeper.abort()
    ada.abort()
    bob.abort()
  }

  @Test(.eventLoop) func `a collector hears a thousand sensors, and answers gateways that were idle`() async throws {
    let server = try TestProgram.ours("collector", ["0", "0"])
    let ports = await onThread { server.ports() }
    var gateways: [ByteStream] = []
    for _ in 0..<200 { gateways.append(try await ByteStream.connect(host: "127.0.0.1", port: ports[1])) }
    let sensors = try await DatagramSocket.connect(to: .loopback(port: ports[0]))
    for number in 0..<1000 {
      try await sensors.send(Array("sensor-\(number) \(number).5".utf8))
      // In step with the receiver after every hundred: UDP drops datagrams that are not read in time.
      if number % 100 == 99 { _ = try await ask(gateways[0], until: "\(number + 1) readings") }
    }
    try await sensors.send(Array("nonsense".utf8))
    #expect(try await ask(gateways[0], until: "1 malformed") == "1000 sensors, 1000 readings, 1 malformed")
    for (number, gateway) in gateways.enumerated() {
      try await gateway.write("get sensor-\(number)\n")
      #expect(try await gateway.readLine() == "\(number).5")
    }
    gateways.forEach { $0.abort() }
    sensors.close()
  }

  private func ask(_ gateway: ByteStream, until part: String) async throws -> String {
    while true {
      try await gateway.write("stats\n")
      let answer = try await gateway.readLine() ?? ""
      if answer.contains(part) { return answer }
    }
  }

  @Test(.eventLoop) func `a proxy passes megabytes on, half-closed, and lets a transfer end`() async throws {
    let upstream = try await startServer(host: "127.0.0.1", port: 0) { stream in
      let all = try await stream.readToEnd()
      try await stream.write(all.reversed())
      try await stream.writeEOF()
    }
    let server = try TestProgram.ours("proxy", ["0", "127.0.0.1", "\(upstream.port)"])
    let port = await onThread { server.ports().last ?? 0 }
    let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    let answer = try await withConnection(host: "127.0.0.1", port: port) { stream in
      try await stream.write(bytes)
      try await stream.writeEOF()
      return try await stream.readToEnd()
    }
    let same = answer == bytes.reversed()
    #expect(same)

    // In the middle of a transfer: the server stops listening, and the transfer goes on to its end.
    let late = try await ByteStream.connect(host: "127.0.0.1", port: port)
    try await late.write("beginning ")
    server.send(SIGINT)
    while (try? await withConnection(host: "127.0.0.1", port: port, { _ in true })) != nil {}
    try await late.write("end")
    try await late.writeEOF()
    #expect(try await late.readToEnd() == Array("dne gninnigeb".utf8))
    try await late.close()
    // The status that a shell sees for an interrupted program.
    let status = await onThread { server.wait() }
    #expect(status == -SIGINT || status == 128 + SIGINT)
    upstream.close()
  }

  @Test(
    .eventLoop,
    arguments: [("echo", []), ("chat", []), ("collector", ["0"]), ("proxy", [])])
  func `a port that is taken ends each with an error, and no crash`(name: String, before: [String]) async throws {
    let taken = try await startServer(host: "127.0.0.1", port: 0) { _ in }
    let behind = name == "proxy" ? ["127.0.0.1", "1"] : []
    let program = try TestProgram.ours(name, before + ["\(taken.port)"] + behind)
    let (lines, status) = await onThread { (program.lines(), program.wait()) }
    #expect(lines == [] && status == 1)
    taken.close()
  }

  @Test(.eventLoop) func `a proxy whose upstream is not there resets its client`() async throws {
    let free = try await startServer(host: "127.0.0.1", port: 0) { _ in }
    let nobody = free.port
    free.close()
    try await free.waitClosed()
    let server = try TestProgram.ours("proxy", ["0", "127.0.0.1", "\(nobody)"])
    let port = await onThread { server.ports().last ?? 0 }
    let stream = try await ByteStream.connect(host: "127.0.0.1", port: port)
    await #expect(throws: SystemError.self) { try await stream.readToEnd() }
    let line = await onThread { server.readLine() }
    #expect(line == "connect 127.0.0.1:\(nobody): connection refused (ECONNREFUSED)")
  }
}

extension TestProgram {
  /// The numbers in its first line, of which the last are its ports.
  func ports() -> [UInt16] { (readLine() ?? "").split { !$0.isNumber }.compactMap { UInt16($0) } }
}
