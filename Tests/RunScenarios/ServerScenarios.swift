// SPDX-License-Identifier: Apache-2.0
// Servers of a whole process: its descriptors, its loops, and sockets from a service manager.

import AsyncIO
import Glibc
import Synchronization

extension RunScenarios {
  static var serverScenarios: [String: () throws -> Void] {
    [
      "descriptors-again": descriptorsAgain, "limit-of-several-loops": limitOfSeveralLoops,
      "shutdown-of-several-loops": shutdownOfSeveralLoops, "inherited-on-several-loops": inheritedOnSeveralLoops,
      "inherited": inherited, "ask": ask, "drain-on-interrupt": drainOnInterrupt, "flood": flood,
    ]
  }

  /// Connections that found no descriptor are served when others end, and the shortage is reported once.
  static func descriptorsAgain() throws {
    try EventLoop.run {
      EventLoop.current.setExceptionHandler { _, context in say("\(context.message)") }
      let server = try await startServer(host: "127.0.0.1", port: 0, limits: ServerLimits(connections: 1000)) {
        stream in
        try await stream.write("welcome\n")
        _ = try await stream.readToEnd()
      }
      // Clients in other processes would have their own descriptors: here every connection takes two.
      var limit = rlimit(rlim_cur: 64, rlim_max: 64)
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      var taken: [Int32] = []
      while case let descriptor = dup(0), descriptor >= 0 { taken.append(descriptor) }
      // Room for ten clients, and for the server's side of four of them.
      for _ in 0..<14 { close(taken.removeLast()) }
      let clients = try await gather(0..<10, limit: 10) { _ in
        try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      }
      let start = EventLoop.current.time
      for client in clients {
        guard try await client.readLine() == "welcome" else { return say("not welcome") }
        try await client.close()
      }
      let took = start.duration(to: EventLoop.current.time)
      say(took < .seconds(1) ? "served as others ended" : "served after \(took)")
      for descriptor in taken { close(descriptor) }
      server.close()
      try await server.waitClosed()
    }
  }

  /// The limit is the server's, however the kernel spreads the connections, and each connection is served.
  static func limitOfSeveralLoops() throws {
    try EventLoop.run(loops: .count(3)) {
      let gauge = SharedGauge()
      let handler: StreamHandler = { stream in
        gauge.enter()
        defer { gauge.leave() }
        try await stream.write("hello\n")
        _ = try await stream.readLine()
      }
      let server = try await startServer(
        host: "127.0.0.1", port: 0, limits: ServerLimits(connections: 2, connectionsPerPeer: 200),
        options: ServerOptions(backlog: 256),
        handler: handler)
      _ = try await gather(0..<120, limit: 60) { _ in
        let client = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
        _ = try await client.readLine()
        try await sleep(.microseconds(200))
        try await client.close()
      }
      say("at most \(gauge.most)")
      server.close()
      try await server.waitClosed()
      let statistics = try await server.statistics
      say("\(statistics.accepted) served, \(statistics.open) open, \(statistics.refused) refused")
    }
  }

  static func shutdownOfSeveralLoops() throws {
    try EventLoop.run(loops: .count(3)) {
      EventLoop.current.setExceptionHandler { _, _ in }
      let handler: StreamHandler = { stream in
        while let line = try await stream.readLine() {
          if line == "stay" { try await sleep(.seconds(3600)) }
          try await stream.write("<\(line)>\n")
        }
      }
      let server = try await startServer(host: "127.0.0.1", port: 0, handler: handler)
      let clients = try await gather(0..<30, limit: 30) { number in
        let client = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
        try await client.write("\(number)\n")
        _ = try await client.readLine()
        if number % 10 == 0 { try await client.write("stay\n") }
        return client
      }
      while try await server.connections.filter({ $0.waitsFor == "sleep" }).count < 3 {
        try await sleep(.milliseconds(1))
      }
      let ends = clients.map { client in
        Task {
          _ = try? await client.readToEnd()
          client.abort()
        }
      }
      // The idle ones end at once, and three stay.
      say("\(await server.shutdown(drain: .milliseconds(200)))")
      for end in ends { await end.value }
    }
  }

  /// One listening socket, from which all loops accept.
  static func inheritedOnSeveralLoops() throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard listen(listener, 100) == 0 else { return say("listen: errno \(errno)") }
    try EventLoop.run(loops: .count(3)) {
      let handler: StreamHandler = { stream in
        try await stream.write("hello\n")
        _ = try await stream.readToEnd()
      }
      let server = try await startServer(at: .sockets([ListeningSocket(descriptor: listener)]), handler: handler)
      _ = try await gather(0..<60, limit: 20) { _ in
        let client = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
        guard try await client.readLine() == "hello" else { return say("no answer") }
        try await client.close()
      }
      say("\(server.sockets.count) sockets")
      server.close()
      try await server.waitClosed()
      say("\(try await server.statistics.accepted) served")
      do {
        _ = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      } catch let error as SystemError {
        say(error.code.name)
      }
    }
  }

  /// Serves a service manager's sockets until a connection ends it.
  static func inherited() throws {
    let sockets = ListeningSocket.fromSystemd()
    say("inherited \(sockets.map(\.name))")
    let variables = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]
    let left = variables.filter { name in getenv(name) != nil }
    let closing = sockets.allSatisfy { fcntl($0.descriptor, F_GETFD) & FD_CLOEXEC != 0 }
    say("left \(left), \(closing ? "closed" : "open") in children, then \(ListeningSocket.fromSystemd().count)")
    guard !sockets.isEmpty else { return }
    try EventLoop.run {
      let asked = Event()
      let server = try await startServer(at: .sockets(sockets)) { stream in
        guard let line = try await stream.readLine() else { return }
        try await stream.write("<\(line)>\n")
        if line == "bye" { asked.set() }
      }
      say("serving")
      try await asked.wait()
      say("\(await server.shutdown(drain: .seconds(10)))")
    }
  }

  /// Says goodbye to the server named in the environment.
  static func ask() throws {
    try EventLoop.run {
      let path = getenv("ASK_PATH").map { String(cString: $0) }
      let port = getenv("ASK_PORT").flatMap { UInt16(String(cString: $0)) }
      let stream =
        if let path {
          try await ByteStream.connect(to: SocketAddress(unixPath: path)!)
        } else {
          try await ByteStream.connect(to: .loopback(port: port!))
        }
      try await stream.write("bye\n")
      say(try await stream.readLine() ?? "no answer")
      try await stream.close()
    }
  }

  /// Ctrl-C lets connections finish.
  static func drainOnInterrupt() throws {
    try EventLoop.run {
      let server = try await startServer(host: "127.0.0.1", port: 0) { stream in
        while let line = try await stream.readLine() {
          try await sleep(.milliseconds(50))
          try await stream.write("<\(line)>\n")
        }
      }
      let client = try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      try await client.write("request\n")
      while try await server.statistics.bytesReceived == 0 { try await sleep(.milliseconds(1)) }
      // Not cancelled with the main task.
      let answer = Task.detached {
        try await shield {
          let answer = String(decoding: try await client.readToEnd(), as: UTF8.self)
          try await client.close()
          return answer
        }
      }
      say("ready")
      do { try await server.serveForever(drain: .seconds(10)) } catch {
        say(error is CancellationError ? "cancelled" : "\(error)")
        let text = try await answer.value
        say("answer \(text.split(separator: "\n"))")
        throw error
      }
    }
  }

  /// A thousand connections at once do not block other work: a turn serves some of them, not all.
  static func flood() throws {
    try EventLoop.run {
      var limit = rlimit(rlim_cur: 4096, rlim_max: 4096)
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
      EventLoop.current.setExceptionHandler { _, _ in }
      let perTurn = Mutex<[Int: Int]>([:])
      let server = try await startServer(
        host: "127.0.0.1", port: 0, options: ServerOptions(backlog: 1024, startServing: false)
      ) { stream in
        let turn = EventLoop.current.statistics.turns
        perTurn.withLock { $0[turn, default: 0] += 1 }
        _ = try await stream.readToEnd()
      }
      try await server.startServing()
      let clients = try await gather(0..<1000, limit: 1000) { _ in
        try await ByteStream.connect(host: "127.0.0.1", port: server.port)
      }
      while try await server.statistics.accepted < 1000 { try await sleep(.milliseconds(1)) }
      try await sleep(.milliseconds(1))
      let most = perTurn.withLock { $0.values.max() ?? 0 }
      say(most <= 64 ? "shared" : "\(most) in a turn")
      for client in clients { client.abort() }
      server.close()
      try await server.waitClosed()
    }
  }
}

private final class SharedGauge: Sendable {
  private let state = Mutex((now: 0, most: 0))

  var most: Int { state.withLock { $0.most } }

  func enter() {
    state.withLock { state in
      state.now += 1
      state.most = max(state.most, state.now)
    }
  }

  func leave() { state.withLock { $0.now -= 1 } }
}
