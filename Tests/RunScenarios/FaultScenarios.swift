// SPDX-License-Identifier: Apache-2.0
// Lasting faults of the kernel, and signals that must not affect a process.

import AsyncIO
import Glibc

extension RunScenarios {
  static var faultScenarios: [String: () throws -> Void] {
    [
      "accept-forbidden": { try acceptForbidden(EPERM) },
      "accept-aborted": { try acceptForbidden(ECONNABORTED) },
      "receive-forbidden": { try receiveForbidden(EPERM) },
      "receive-without-buffers": { try receiveForbidden(ENOBUFS) },
      "broken-pipes": brokenPipes,
      "broken-pipes-on-an-older-kernel": {
        deny(.writeWithFlags, with: EOPNOTSUPP)
        try brokenPipes()
      },
    ]
  }

  /// A connection waits, but can't be accepted.
  private static func acceptForbidden(_ code: Int32) throws {
    try EventLoop.run(backend: .epoll) {
      report()
      let server = try await startServer(host: "127.0.0.1", port: 0) { _ in say("accepted") }
      deny(.accept, with: code)
      let client = try await ByteStream.connect(to: server.addresses[0])
      try await sayWhetherItRests()
      client.abort()
    }
  }

  /// A datagram waits, but can't be received.
  private static func receiveForbidden(_ code: Int32) throws {
    try EventLoop.run(backend: .epoll) {
      report()
      let socket = try await DatagramSocket.bind(to: .loopback(port: 0))
      let peer = try await DatagramSocket.connect(to: socket.localAddress)
      deny(.receiveDatagrams, with: code)
      try await peer.send([1])
      try await sayWhetherItRests()
      peer.close()
      socket.close()
    }
  }

  private static func report() {
    EventLoop.current.setExceptionHandler { _, context in
      say("\(context.message): \((context.error as? SystemError)?.code.name ?? "no error")")
    }
  }

  private static func sayWhetherItRests() async throws {
    let before = EventLoop.current.statistics.turns
    try await sleep(.milliseconds(300))
    let turns = EventLoop.current.statistics.turns - before
    say(turns < 300 ? "rests" : "\(turns) turns")
  }

  /// Writes to pipes and sockets whose other end is closed, and then starts another program.
  private static func brokenPipes() throws {
    saySignals(of: "/proc/thread-self/status")
    try EventLoop.run {
      let (reader, writer) = try await makePipe()
      let full = Task { try await writer.write([UInt8](repeating: 1, count: 1_000_000)) }
      _ = try await reader.readExactly(1000)
      reader.abort()
      await sayError { try await full.value }
      let (another, small) = try await makePipe()
      try await another.close()
      await sayError {
        try await small.write("x")
        try await small.close()
      }
      let file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
      for _ in 0..<2 {
        let ends = socketPair()
        close(ends[1])
        let socket = try RawSocket(ends[0])
        for _ in 0..<2 { await sayError { try await socket.sendFile(file, count: 1000) } }
        let stream = try await ByteStream.adopting(ends[0])
        await sayError { _ = try await stream.writer.sendFile(descriptor: file, count: 1000) }
        stream.abort()
      }
      close(file)
      saySignals(of: "/proc/thread-self/status")
      // The signal ends it, unless it has inherited the signal as ignored or blocked.
      say("a program started from here ends with \(system("sh -c 'kill -PIPE $$'; exit $?") >> 8)")
    }
  }

  private static func socketPair() -> [Int32] {
    var ends: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    precondition(socketpair(AF_UNIX, type, 0, &ends) == 0, "socketpair: errno \(errno)")
    return ends
  }

  private static func sayError(_ body: () async throws -> Void) async {
    do {
      try await body()
      say("no error")
    } catch {
      say((error as? SystemError)?.code.name ?? "\(error)")
    }
  }

  /// Whether SIGPIPE is blocked, ignored or handled.
  private static func saySignals(of path: String) {
    guard let file = fopen(path, "r") else { return say("no \(path)") }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    var states: [String] = []
    while fgets(&line, 256, file) != nil {
      let text = String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let parts = text.split(separator: ":\t")
      guard parts.count == 2, ["SigBlk", "SigIgn", "SigCgt"].contains(parts[0]) else { continue }
      let signals = UInt64(parts[1], radix: 16) ?? 0
      states.append("\(parts[0]) \(signals >> (UInt64(SIGPIPE) - 1) & 1)")
    }
    say(states.joined(separator: ", "))
  }
}
