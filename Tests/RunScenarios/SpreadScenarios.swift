// SPDX-License-Identifier: Apache-2.0
// Which loops of a run serve connections: for every way to start a server, with handlers written in the body.

import AsyncIO
import AsyncIOTLS
import Glibc
import Synchronization

extension RunScenarios {
  static var spreadScenarios: [String: () throws -> Void] {
    ["spread": spread, "spread-unix": spreadUnix, "spread-protocols": spreadProtocols, "spread-tls": spreadTLS]
  }

  private static let loops = 4
  private static let connections = 200

  static func spread() throws {
    try EventLoop.run(loops: .count(loops)) {
      let places = Places()
      let named = try await startServer(host: "127.0.0.1", port: 0, options: ServerOptions(backlog: 300)) { _, writer in
        try await writer.write(places.hello())
      }
      try await visit(named, "startServer(host:port:), two halves", places)
      let stream = try await startServer(host: "127.0.0.1", port: 0, options: ServerOptions(backlog: 300)) { stream in
        try await stream.write(places.hello())
      }
      try await visit(stream, "startServer(host:port:), a stream", places)
      let address = try await startServer(at: .loopback(port: 0), options: ServerOptions(backlog: 300)) { _, writer in
        try await writer.write(places.hello())
      }
      try await visit(address, "startServer(at:), two halves", places)
      let whole = try await startServer(at: .loopback(port: 0), options: ServerOptions(backlog: 300)) { stream in
        try await stream.write(places.hello())
      }
      try await visit(whole, "startServer(at:), a stream", places)
      let local = places
      let isMain = try await startServer(host: "127.0.0.1", port: 0, options: ServerOptions(backlog: 300)) {
        @MainActor stream in
        try await stream.write(local.hello())
      }
      try await visit(isMain, "a handler of the main actor's", places, mostLoops: 1)
    }
  }

  /// All loops accept from one socket, and a free loop takes the next connection.
  static func spreadUnix() throws {
    try EventLoop.run(loops: .count(loops)) {
      let places = Places()
      let path = "/tmp/asyncio-spread-\(getpid())"
      let halves = try await startUnixServer(path: path, options: ServerOptions(backlog: 300)) { _, writer in
        try await writer.write(places.hello())
      }
      try await visit(halves, "startUnixServer, two halves", places, isShared: true)
      say(access(path, F_OK) == 0 ? "its file is there still" : "its file is gone")
      let stream = try await startUnixServer(path: path, options: ServerOptions(backlog: 300)) { stream in
        try await stream.write(places.hello())
      }
      try await visit(stream, "startUnixServer, a stream", places, isShared: true)
      let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      guard listen(listener, 300) == 0 else { return say("listen: errno \(errno)") }
      let adopted = try await startServer(at: .sockets([ListeningSocket(descriptor: listener)])) { stream in
        try await stream.write(places.hello())
      }
      try await visit(adopted, "startServer(at: .sockets)", places, isShared: true)
    }
  }

  static func spreadProtocols() throws {
    try EventLoop.run(loops: .count(loops)) {
      let places = Places()
      let loop = EventLoop.current
      let named = try await loop.createServer(host: "127.0.0.1", port: 0, options: ServerOptions(backlog: 300)) {
        Hello(places)
      }
      try await visit(named, "createServer(host:port:)", places)
      let address = try await loop.createServer(at: .loopback(port: 0), options: ServerOptions(backlog: 300)) {
        Hello(places)
      }
      try await visit(address, "createServer(at:)", places)
      let path = "/tmp/asyncio-spread-\(getpid())"
      let local = try await loop.createUnixServer(path: path, options: ServerOptions(backlog: 300)) { Hello(places) }
      try await visit(local, "createUnixServer", places, isShared: true)
    }
  }

  static func spreadTLS() throws {
    let folder = getenv("CERTIFICATES").map { String(cString: $0) } ?? ""
    let tls = TLSConfiguration.server(
      certificateChainFile: folder + "/server.pem", privateKeyFile: folder + "/server.key")
    var client = TLSConfiguration.client()
    client.roots = [.pem(.file(folder + "/root.pem"))]
    let trusting = client
    try EventLoop.run(loops: .count(loops)) {
      let places = Places()
      let connect: @Sendable (SocketAddress) async throws -> ByteStream = { address in
        try await ByteStream.connect(host: "localhost", port: address.port, tls: trusting)
      }
      let halves = try await startServer(host: "localhost", port: 0, tls: tls, options: ServerOptions(backlog: 300)) {
        _, writer in
        try await writer.write(places.hello())
      }
      try await visit(halves, "startServer(tls:), two halves", places, connect)
      let stream = try await startServer(host: "localhost", port: 0, tls: tls, options: ServerOptions(backlog: 300)) {
        stream in
        try await stream.write(places.hello())
      }
      try await visit(stream, "startServer(tls:), a stream", places, connect)
      let address = try await startServer(at: .loopback(port: 0), tls: tls, options: ServerOptions(backlog: 300)) {
        stream in
        try await stream.write(places.hello())
      }
      try await visit(address, "startServer(at:tls:)", places, connect)
    }
  }

  /// Connects this many times, and prints on how many loops a good part of the connections were served.
  ///
  /// The kernel spreads connections evenly over sockets of one address (SO_REUSEPORT). From one shared socket, a loop
  /// may take any number of them. Then more connections are made, up to a bound, until two loops have taken one.
  private static func visit(
    _ server: Server, _ name: String, _ places: Places, isShared: Bool = false, mostLoops: Int = loops,
    _ connect: @escaping @Sendable (SocketAddress) async throws -> ByteStream = { try await ByteStream.connect(to: $0) }
  ) async throws {
    let address = server.addresses[0]
    var rounds = 0
    repeat {
      rounds += 1
      _ = try await gather(0..<connections, limit: 50) { _ in
        let stream = try await connect(address)
        guard try await stream.readLine() == "hello" else { return say("\(name): no answer") }
        try await stream.close()
      }
    } while isShared && places.count < 2 && rounds < 20
    server.close()
    try await server.waitClosed()
    let counts = places.take()
    let isRight = counts.reduce(0, +) == rounds * connections && counts.count <= mostLoops
    let spread = isShared ? (counts.count > 1 ? "several" : "one") : "\(counts.filter { $0 >= connections / 10 }.count)"
    say("\(name): \(spread) loops\(isRight ? "" : ", counts \(counts)")")
  }
}

/// Counts the connections served on each loop.
private final class Places: Sendable {
  private let counts = Mutex<[ObjectIdentifier: Int]>([:])

  /// A handler's greeting, with the loop that it counts for.
  func hello() -> String {
    counts.withLock { $0[ObjectIdentifier(EventLoop.current), default: 0] += 1 }
    return "hello\n"
  }

  /// On how many loops connections were served.
  var count: Int { counts.withLock { $0.count } }

  func take() -> [Int] {
    counts.withLock { counts in
      defer { counts = [:] }
      return counts.values.sorted()
    }
  }
}

private final class Hello: StreamProtocol {
  private let places: Places

  init(_ places: Places) { self.places = places }

  func connectionMade(_ transport: Transport) {
    transport.write(places.hello())
    transport.close()
  }

  func dataReceived(_ data: Span<UInt8>) {}
}
