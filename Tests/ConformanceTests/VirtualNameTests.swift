// SPDX-License-Identifier: Apache-2.0
// Behaviour over time, in virtual time.

import AsyncIOCore
import AsyncIOTesting
import DNSWire
import Glibc
import TestSupport
import Testing

@testable import AsyncIO

@Suite("Names in virtual time", .virtualTime) struct VirtualNameTests {
  private func resolver(_ server: NameServer, _ more: NameServer...) -> Resolver {
    .stub(ResolverConfiguration(servers: [server.address] + more.map(\.address)))
  }

  @Test func `an answer is kept for its time to live`() async throws {
    let server = try await NameServer(Zone(("a.example", a(1), 300), ("a.example", aaaa(1), 100)).behaviour)
    let resolver = resolver(server)
    _ = try await resolve("a.example", port: 1, using: resolver)
    try await sleep(.seconds(99))
    _ = try await resolve("a.example", port: 1, using: resolver)
    #expect(server.queries.count == 2)
    try await sleep(.seconds(1))
    _ = try await resolve("a.example", port: 1, using: resolver)
    #expect(server.queries.count == 4)
    try await server.close()
  }

  @Test func `that there is nothing is kept for as long as the zone says`() async throws {
    var zone = Zone(("a.example", a(1), 300))
    zone.minimum = 30
    let server = try await NameServer(zone.behaviour)
    let resolver = resolver(server)
    for (seconds, queries) in [(0, 2), (29, 2), (1, 4)] {
      try await sleep(.seconds(seconds))
      let error = await #expect(throws: NameError.self) { try await resolve("b.example", port: 1, using: resolver) }
      #expect(error?.reason == .notFound)
      #expect(server.queries.count == queries)
    }
    try await server.close()
  }

  @Test func `an answer of a year is asked for again after a day`() async throws {
    let server = try await NameServer(Zone(("a.example", a(1), 31_536_000)).behaviour)
    let resolver = resolver(server)
    for (hours, queries) in [(0, 1), (23, 1), (1, 2)] {
      try await sleep(.seconds(hours * 3600))
      _ = try await resolve("a.example", port: 1, family: .ipv4, using: resolver)
      #expect(server.queries.count == queries)
    }
    try await server.close()
  }

  @Test func `silence takes the time that is configured`() async throws {
    let silent = try await NameServer { _, _ in [] }
    let alsoSilent = try await NameServer { _, _ in [] }
    let resolver = resolver(silent, alsoSilent)
    let start = EventLoop.current.time
    let error = await #expect(throws: NameError.self) { try await resolve("a.example", port: 1, using: resolver) }
    #expect(start.duration(to: EventLoop.current.time) == .seconds(20))
    #expect(error?.reason == .timedOut(servers: [silent.address, alsoSilent.address]))
    #expect(silent.queries.count == 4 && alsoSilent.queries.count == 4)
    try await silent.close()
    try await alsoSilent.close()
  }

  @Test func `a silent server costs its time once`() async throws {
    let silent = try await NameServer { _, _ in [] }
    let good = try await NameServer(Zone(("a.example", a(1), 0), ("a.example", aaaa(1), 0)).behaviour)
    let resolver = resolver(silent, good)
    for (seconds, least, most) in [(0, 5, 6), (0, 0, 1), (60, 5, 6)] {
      try await sleep(.seconds(seconds))
      let start = EventLoop.current.time
      #expect(try await resolve("a.example", port: 1, using: resolver).count == 2)
      let taken = start.duration(to: EventLoop.current.time)
      #expect(taken >= .seconds(least) && taken < .seconds(most), "\(taken)")
    }
    try await silent.close()
    try await good.close()
  }

  @Test func `one family does not wait for the other for long`() async throws {
    // A name server that never receives questions for IPv6.
    let zone = Zone(("a.example", a(1), 300))
    let server = try await NameServer { query, _ in
      query.questions[0].type == .aaaa ? [] : [NameServer.Reply(bytes: try zone.answer(query).encoded())]
    }
    let resolver = resolver(server)
    let start = EventLoop.current.time
    #expect(try await resolve("a.example", port: 1, using: resolver).map(\.host) == ["192.0.2.1"])
    let taken = start.duration(to: EventLoop.current.time)
    #expect(taken >= .seconds(1) && taken < .milliseconds(1100), "\(taken)")
    // A possibly incomplete answer is cached for less time.
    _ = try await resolve("a.example", port: 1, using: resolver)
    #expect(server.queries.count == 2)
    try await sleep(.seconds(10))
    _ = try await resolve("a.example", port: 1, using: resolver)
    #expect(server.queries.count == 4)
    try await server.close()
  }

  @Test func `a time limit ends the wait and not the look-up of others`() async throws {
    let zone = Zone(("a.example", a(1), 300))
    let server = try await NameServer { query, _ in
      [NameServer.Reply(bytes: try zone.answer(query).encoded(), delay: .seconds(2))]
    }
    let resolver = resolver(server)
    let patient = Task { try await resolve("a.example", port: 1, using: resolver) }
    let start = EventLoop.current.time
    await #expect(throws: TimeoutError.self) {
      try await withTimeout(.seconds(1)) { try await resolve("a.example", port: 1, using: resolver) }
    }
    #expect(start.duration(to: EventLoop.current.time) == .seconds(1))
    #expect(try await patient.value.map(\.host) == ["192.0.2.1"])
    #expect(server.queries.count == 2)
    try await server.close()
  }

  @Test func `no socket is left behind, however a look-up ends`() async throws {
    let backend = try #require(EventLoop.current.backend as? VirtualBackend)
    let server = try await NameServer { query, _ in
      switch query.questions[0].name.labels.count {
      case 1: []
      case 2: [NameServer.Reply(bytes: try DNSMessage.response(to: query, .refused).encoded())]
      default:
        [NameServer.Reply(bytes: try Zone(("a.b.c", a(1), 0)).answer(query).encoded(), delay: .milliseconds(500))]
      }
    }
    let resolver = resolver(server)
    let open = backend.network.openSockets
    for host in ["silent", "refused.x", "a.b.c", "no.b.c"] {
      for limit in [0.1, 0.7, 60] {
        _ = try? await withTimeout(.seconds(limit)) { try await resolve(host, port: 1, using: resolver) }
      }
    }
    try await sleep(.seconds(1))
    #expect(backend.network.openSockets == open)
    #expect(EventLoop.current.statistics.timers == 0)
    try await server.close()
  }

  @Test func `names of the virtual network are its own unless a name server is to be asked`() async throws {
    let backend = try #require(EventLoop.current.backend as? VirtualBackend)
    let database = backend.network.addHost("db.example")
    #expect(try await resolve("DB.example", port: 0).map(\.host) == [database.host])
    #expect(try await resolve("db.example", port: 0, using: .system).map(\.host) == [database.host])
    #expect(try await hostName(of: database) == "db.example")
    await #expect(throws: NameError.self) { try await resolve("db.example", port: 0, family: .ipv6) }
    await #expect(throws: NameError.self) { try await hostName(of: SocketAddress("192.0.2.1", port: 0)!) }
    let server = try await NameServer(Zone(("db.example", a(1), 60)).behaviour)
    let stub = resolver(server)
    #expect(try await resolve("db.example", port: 0, using: stub).map(\.host) == ["192.0.2.1"])
    try await server.close()
  }

  @Test func `the machine's files are followed`() async throws {
    let folder = try TemporaryFolder()
    let (resolvConf, hosts) = (folder.path("server"), folder.path("client"))
    let files = SystemFiles(resolvConf: resolvConf, hosts: hosts, nameServiceSwitch: "/nonexistent")
    let resolver = Resolver.stub(files: files)
    let one = try await NameServer(port: 53, Zone(("db.one", a(1), 600)).behaviour)
    try write("nameserver 127.0.0.1\nsearch one\n", to: resolvConf)
    #expect(try await resolve("db", port: 0, using: resolver).map(\.host) == ["192.0.2.1"])
    try await one.close()

    // Cached answers are dropped when the file has changed.
    let two = try await NameServer(port: 53, Zone(("db.two", a(2), 600)).behaviour)
    try write("nameserver 127.0.0.1\nsearch none two\n", to: resolvConf)
    try await sleep(.seconds(1))
    #expect(try await resolve("db", port: 0, using: resolver).map(\.host) == ["192.0.2.2"])
    try await two.close()

    try write("192.0.2.3 db\n", to: hosts)
    try await sleep(.seconds(1))
    #expect(try await resolve("db", port: 0, using: resolver).map(\.host) == ["192.0.2.3"])
  }

  private func write(_ text: String, to path: String) throws {
    let file = try #require(fopen(path, "w"))
    fputs(text, file)
    fclose(file)
  }

  @Test func `libc is asked where the machine wants more than files and DNS`() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path("server")
    let resolver = Resolver.automatic(SystemFiles(resolvConf: "", hosts: "", nameServiceSwitch: path))
    let loop = EventLoop.current
    for (text, asksSystem) in [("hosts: files dns", false), ("hosts: files mdns4 dns", true), ("", false)] {
      try write(text, to: path)
      #expect(resolver.asksSystem(resolver.stub(on: loop)) == asksSystem)
      try await sleep(.seconds(1))
    }
    #expect(Resolver.system.asksSystem(Resolver.system.stub(on: loop)))
    #expect(!Resolver.stub().asksSystem(Resolver.stub().stub(on: loop)))
  }

  @Test func `a resolver that is gone leaves nothing with the loop`() async throws {
    let server = try await NameServer(Zone(("a.example", a(1), 600)).behaviour)
    for _ in 0..<3 { _ = try await resolve("a.example", port: 1, using: resolver(server)) }
    try await sleep(.seconds(1))
    #expect(LoopStubs.of(EventLoop.current).count == 0)
    try await server.close()
  }
}
