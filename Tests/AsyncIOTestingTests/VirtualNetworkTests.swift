// SPDX-License-Identifier: Apache-2.0
// The network alone: without loop and tasks, and with the time as an argument.

import AsyncIOCore
import Glibc
import Testing

@testable import AsyncIOTesting

private let millisecond: Int64 = 1_000_000

/// A network with its time, and a connection for experiments.
private struct Bench {
  var network: VirtualNetwork
  var now: Int64 = 0
  var listener: Int32 = -1
  var client: Int32 = -1
  var server: Int32 = -1

  init(window: Int = 64 * 1024, descriptorLimit: Int = 1024) {
    network = VirtualNetwork(latency: .milliseconds(1), window: window, descriptorLimit: descriptorLimit)
  }

  /// With a connection that is open on both sides.
  static func connected(window: Int = 64 * 1024) throws -> Bench {
    var bench = Bench(window: window)
    bench.listener = try bench.network.listen(at: .loopback(port: 80))
    bench.client = try bench.network.makeSocket()
    bench.network.connect(bench.client, to: .loopback(port: 80), now: 0)
    #expect(bench.pass(1) == [.acceptable(bench.listener)])
    bench.server = try bench.network.accept(on: bench.listener)
    #expect(bench.pass(1) == [.connected(bench.client, result: 0)])
    return bench
  }

  /// Lets so many milliseconds pass.
  mutating func pass(_ milliseconds: Int64) -> [VirtualNetwork.Event] {
    now += milliseconds * millisecond
    return network.advance(to: now)
  }

  mutating func send(_ text: String, to descriptor: Int32) -> Int { send(Array(text.utf8), to: descriptor) }

  mutating func send(_ bytes: [UInt8], to descriptor: Int32) -> Int {
    bytes.withUnsafeBytes { network.send($0, to: descriptor, now: now) }
  }

  mutating func receive(_ descriptor: Int32, upTo limit: Int = .max) -> VirtualNetwork.Received {
    network.receive(from: descriptor, upTo: limit, now: now)
  }

  mutating func close(_ descriptor: Int32) throws { try network.close(descriptor, now: now) }
}

extension VirtualNetwork.Received {
  fileprivate static func text(_ text: String) -> Self { .bytes(Array(text.utf8)) }
}

struct VirtualNetworkTests {
  // MARK: - Names

  @Test func `hosts are numbered and names have no case`() {
    var network = VirtualNetwork()
    #expect(network.addHost("db").host == "10.0.0.2")
    #expect(network.addHost("cache").host == "10.0.0.3")
    #expect(network.addHost("DB").host == "10.0.0.2")
    #expect(network.addresses(ofHost: "Db", port: 5432).map(\.description) == ["10.0.0.2:5432"])
    #expect(network.addresses(ofHost: "localhost", port: 1).map(\.description) == ["127.0.0.1:1"])
    #expect(network.addresses(ofHost: "::1", port: 1).map(\.description) == ["[::1]:1"])
    #expect(network.addresses(ofHost: "nosuch", port: 1).isEmpty)
  }

  // MARK: - Listening

  @Test func `an address is taken once`() throws {
    var network = VirtualNetwork()
    let first = try network.listen(at: .loopback(port: 80))
    #expect(throws: VirtualErrno(EADDRINUSE)) { try network.listen(at: .loopback(port: 80)) }
    let everywhere = try #require(SocketAddress("0.0.0.0", port: 80))
    #expect(throws: VirtualErrno(EADDRINUSE)) { try network.listen(at: everywhere) }
    // Another host, another family, another port.
    _ = try network.listen(at: try #require(network.addresses(ofHost: network.addHost("db").host, port: 80).first))
    _ = try network.listen(at: try #require(SocketAddress("::", port: 80)))
    _ = try network.listen(at: .loopback(port: 81))
    try network.close(first, now: 0)
    _ = try network.listen(at: everywhere)
  }

  @Test func `the address has to be somebody's`() throws {
    var network = VirtualNetwork()
    let stranger = try #require(SocketAddress("192.0.2.1", port: 80))
    #expect(throws: VirtualErrno(EADDRNOTAVAIL)) { try network.listen(at: stranger) }
  }

  @Test func `port zero is a free port`() throws {
    var network = VirtualNetwork()
    let ports = try (0..<3).map { _ in
      let descriptor = try network.listen(at: .loopback(port: 0))
      return try #require(network.localAddress(of: descriptor)?.port)
    }
    #expect(Set(ports).count == 3)
    #expect(ports.allSatisfy { (32_768...60_999).contains($0) })
  }

  // MARK: - Connecting

  @Test func `a connection takes a round trip and knows its addresses`() throws {
    let bench = try Bench.connected()
    #expect(bench.now == 2 * millisecond)
    let local = try #require(bench.network.localAddress(of: bench.client))
    #expect(local.host == "127.0.0.1")
    #expect(bench.network.peerAddress(of: bench.server) == local)
    #expect(bench.network.peerAddress(of: bench.client)?.description == "127.0.0.1:80")
    #expect(bench.network.localAddress(of: bench.server)?.description == "127.0.0.1:80")
  }

  @Test func `a connection that nobody listens for is refused after a round trip`() throws {
    var bench = Bench()
    let client = try bench.network.makeSocket()
    bench.network.connect(client, to: .loopback(port: 9), now: 0)
    #expect(bench.pass(1) == [])
    #expect(bench.network.nextArrival == 2 * millisecond)
    #expect(bench.pass(1) == [.connected(client, result: -ECONNREFUSED)])
    try bench.close(client)
    #expect(bench.network.nextArrival == nil)
  }

  @Test func `an address of nobody cannot be reached`() throws {
    var bench = Bench()
    let client = try bench.network.makeSocket()
    bench.network.connect(client, to: try #require(SocketAddress("10.0.0.77", port: 9)), now: 0)
    #expect(bench.pass(2999) == [])
    #expect(bench.pass(1) == [.connected(client, result: -EHOSTUNREACH)])
  }

  @Test func `a listener everywhere hears every address of this host only`() throws {
    var bench = Bench()
    let db = bench.network.addHost("db")
    bench.listener = try bench.network.listen(at: try #require(SocketAddress("0.0.0.0", port: 80)))
    for (host, result) in [("127.0.0.1", 0), ("10.0.0.1", 0), (db.host, -ECONNREFUSED)] {
      let client = try bench.network.makeSocket()
      bench.network.connect(client, to: try #require(SocketAddress(host, port: 80)), now: bench.now)
      #expect(bench.pass(2).last == .connected(client, result: result))
    }
  }

  @Test func `a full backlog is tried again after a second`() throws {
    var bench = Bench()
    bench.listener = try bench.network.listen(at: .loopback(port: 80), backlog: 1)
    let clients = try (0..<2).map { _ in try bench.network.makeSocket() }
    for client in clients { bench.network.connect(client, to: .loopback(port: 80), now: 0) }
    #expect(bench.pass(2) == [.acceptable(bench.listener), .connected(clients[0], result: 0)])
    #expect(bench.pass(900) == [])
    _ = try bench.network.accept(on: bench.listener)
    #expect(bench.pass(100) == [.acceptable(bench.listener), .connected(clients[1], result: 0)])
  }

  @Test func `a backlog that stays full times out`() throws {
    var bench = Bench()
    bench.listener = try bench.network.listen(at: .loopback(port: 80), backlog: 1)
    let clients = try (0..<2).map { _ in try bench.network.makeSocket() }
    for client in clients { bench.network.connect(client, to: .loopback(port: 80), now: 0) }
    _ = bench.pass(2)
    // 1 + 2 + 4 + … + 64 seconds
    #expect(bench.pass(126_998) == [])
    #expect(bench.pass(1) == [.connected(clients[1], result: -ETIMEDOUT)])
  }

  @Test func `closing a listener resets what waits there`() throws {
    var bench = Bench()
    bench.listener = try bench.network.listen(at: .loopback(port: 80))
    bench.client = try bench.network.makeSocket()
    bench.network.connect(bench.client, to: .loopback(port: 80), now: 0)
    _ = bench.pass(2)
    try bench.close(bench.listener)
    #expect(bench.pass(1) == [.readable(bench.client), .writable(bench.client)])
    #expect(bench.receive(bench.client) == .failed(ECONNRESET))
  }

  // MARK: - Descriptors

  @Test func `there are no more descriptors than the limit`() throws {
    var bench = Bench(descriptorLimit: 2)
    bench.listener = try bench.network.listen(at: .loopback(port: 80))
    bench.client = try bench.network.makeSocket()
    #expect(throws: VirtualErrno(EMFILE)) { try bench.network.makeSocket() }
    #expect(throws: VirtualErrno(EMFILE)) { try bench.network.listen(at: .loopback(port: 81)) }
    bench.network.connect(bench.client, to: .loopback(port: 80), now: 0)
    _ = bench.pass(2)
    #expect(throws: VirtualErrno(EMFILE)) { try bench.network.accept(on: bench.listener) }
    // The connection was kept.
    bench.network.descriptorLimit = 3
    bench.server = try bench.network.accept(on: bench.listener)
    #expect(throws: VirtualErrno(EAGAIN)) { try bench.network.accept(on: bench.listener) }
    #expect(bench.send("x", to: bench.server) == 1)
  }

  @Test func `the lowest free descriptor is next and closing twice fails`() throws {
    var network = VirtualNetwork()
    let descriptors = try (0..<3).map { _ in try network.makeSocket() }
    try network.close(descriptors[2], now: 0)
    try network.close(descriptors[0], now: 0)
    #expect(throws: VirtualErrno(EBADF)) { try network.close(descriptors[0], now: 0) }
    #expect(try network.makeSocket() == descriptors[0])
    #expect(try network.makeSocket() == descriptors[2])
  }
}

struct VirtualConnectionTests {
  @Test func `bytes arrive after the latency in order and are read in pieces`() throws {
    var bench = try Bench.connected()
    #expect(bench.send("hello ", to: bench.client) == 6)
    #expect(bench.send("world", to: bench.client) == 5)
    #expect(bench.receive(bench.server) == .nothing)
    #expect(bench.network.nextArrival == bench.now + millisecond)
    #expect(bench.pass(1) == [.readable(bench.server), .readable(bench.server)])
    #expect(bench.receive(bench.server, upTo: 4) == .text("hell"))
    #expect(bench.receive(bench.server) == .text("o world"))
    #expect(bench.receive(bench.server) == .nothing)
  }

  @Test func `a peer that does not read stops its sender`() throws {
    var bench = try Bench.connected(window: 1000)
    let bytes = [UInt8](repeating: 7, count: 1500)
    #expect(bench.send(bytes, to: bench.client) == 1000)
    #expect(bench.send(bytes, to: bench.client) == -Int(EAGAIN))
    #expect(bench.pass(1000) == [.readable(bench.server)])
    #expect(bench.send(bytes, to: bench.client) == -Int(EAGAIN))
    // The other direction has a window of its own.
    #expect(bench.send("answer", to: bench.server) == 6)
    #expect(bench.pass(1) == [.readable(bench.client)])

    #expect(bench.receive(bench.server, upTo: 300) == .bytes([UInt8](repeating: 7, count: 300)))
    #expect(bench.send(bytes, to: bench.client) == -Int(EAGAIN))
    #expect(bench.pass(1) == [.writable(bench.client)])
    #expect(bench.send(bytes, to: bench.client) == 300)
    // The whole window is in flight or unread again.
    #expect(bench.pass(1) == [.readable(bench.server)])
    #expect(bench.network.available(at: bench.server) == 1000)
  }

  @Test func `a half-closed connection goes on the other way`() throws {
    var bench = try Bench.connected()
    #expect(bench.send("last", to: bench.client) == 4)
    #expect(bench.network.shutdownWriting(bench.client, now: bench.now) == 0)
    #expect(bench.network.shutdownWriting(bench.client, now: bench.now) == 0)
    #expect(bench.send("more", to: bench.client) == -Int(EPIPE))
    _ = bench.pass(1)
    #expect(bench.receive(bench.server) == .text("last"))
    #expect(bench.receive(bench.server) == .end)
    #expect(bench.receive(bench.server) == .end)
    #expect(bench.send("answer", to: bench.server) == 6)
    try bench.close(bench.server)
    _ = bench.pass(1)
    #expect(bench.receive(bench.client) == .text("answer"))
    #expect(bench.receive(bench.client) == .end)
  }

  @Test func `writing to a closed peer ends in EPIPE`() throws {
    var bench = try Bench.connected()
    try bench.close(bench.server)
    _ = bench.pass(1)
    #expect(bench.receive(bench.client) == .end)
    // The first write reaches no socket and causes a reset; the second one fails.
    #expect(bench.send("x", to: bench.client) == 1)
    #expect(bench.pass(2).contains(.writable(bench.client)))
    #expect(bench.send("x", to: bench.client) == -Int(EPIPE))
    #expect(bench.send("x", to: bench.client) == -Int(EPIPE))
    #expect(bench.receive(bench.client) == .end)
    #expect(bench.network.shutdownWriting(bench.client, now: bench.now) == -ENOTCONN)
  }

  @Test func `a reset is told once after what had arrived`() throws {
    var bench = try Bench.connected()
    #expect(bench.send("bytes", to: bench.client) == 5)
    bench.network.setResetsOnClose(bench.client)
    try bench.close(bench.client)
    #expect(bench.pass(1) == [.readable(bench.server), .readable(bench.server), .writable(bench.server)])
    #expect(bench.receive(bench.server) == .text("bytes"))
    #expect(bench.receive(bench.server) == .failed(ECONNRESET))
    #expect(bench.receive(bench.server) == .end)
    #expect(bench.send("x", to: bench.server) == -Int(EPIPE))
  }

  @Test func `closing with unread bytes resets`() throws {
    var bench = try Bench.connected()
    #expect(bench.send("unread", to: bench.client) == 6)
    _ = bench.pass(1)
    try bench.close(bench.server)
    _ = bench.pass(1)
    #expect(bench.send("x", to: bench.client) == -Int(ECONNRESET))
    #expect(bench.send("x", to: bench.client) == -Int(EPIPE))
  }

  @Test func `nothing is on its way when everything is closed`() throws {
    var bench = try Bench.connected()
    try bench.close(bench.client)
    try bench.close(bench.server)
    try bench.close(bench.listener)
    _ = bench.pass(10)
    #expect(bench.network.nextArrival == nil)
    #expect(!bench.network.hasNews(at: bench.now))
    #expect(bench.network.endpoints.isEmpty)
    #expect(bench.network.descriptors.count == 0)
  }
}
