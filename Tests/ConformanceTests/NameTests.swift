// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import DNSWire
import Testing

@Suite("Names", .timeLimit(.minutes(2))) struct NameTests {
  static let zone = Zone(
    ("www.example", a(7), 300), ("www.example", aaaa(7), 300), ("alias.example", .cname(name("www.example")), 60),
    ("four.example", a(4), 300), ("db.corp.example", a(9), 300),
    ("7.2.0.192.in-addr.arpa", .ptr(name("www.example")), 60),
    ("long.example", a(1), 60), ("local.example", .a(0x7f00_0001), 60))

  @Test(arguments: BackendKind.conforming)
  func `a name has its addresses of both families, asked for at once`(backend: BackendKind) async throws {
    try await withNameServer(on: backend, Self.zone.behaviour) { server, resolver async throws in
      let addresses = try await resolve("www.example", port: 443, using: resolver)
      #expect(hosts(addresses) == ["192.0.2.7", "2001:db8::7"])
      #expect(addresses.allSatisfy { $0.port == 443 })
      #expect(server.queries.sorted() == ["www.example. IN A udp", "www.example. IN AAAA udp"])
      if backend == .virtual { #expect(addresses.first?.family == .ipv6) }
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `one family is asked for alone`(backend: BackendKind) async throws {
    try await withNameServer(on: backend, Self.zone.behaviour) { server, resolver async throws in
      #expect(try await hosts(of: "www.example", family: .ipv4, using: resolver) == ["192.0.2.7"])
      #expect(try await hosts(of: "www.example", family: .ipv6, using: resolver) == ["2001:db8::7"])
      #expect(server.queries == ["www.example. IN A udp", "www.example. IN AAAA udp"])
      let missing = await reason { try await resolve("four.example", port: 1, family: .ipv6, using: resolver) }
      #expect(missing == .noAddress(.ipv6))
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `an alias is followed, also one whose target the server leaves out`(backend: BackendKind) async throws {
    let zone = Self.zone
    let behaviour: NameServer.Behaviour = { query, carrier in
      var answer = zone.answer(query)
      if query.questions[0].name == name("alias.example") {
        answer.answers.removeAll { $0.type != .cname }
        answer.authorities = []
      }
      return [NameServer.Reply(bytes: try answer.encoded())]
    }
    for behaviour in [zone.behaviour, behaviour] {
      try await withNameServer(on: backend, behaviour) { _, resolver async throws in
        let addresses = try await resolve("alias.example", port: 1, using: resolver)
        #expect(hosts(addresses) == ["192.0.2.7", "2001:db8::7"])
      }
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a short name is looked up in the search domains`(backend: BackendKind) async throws {
    let change: @Sendable (inout ResolverConfiguration) -> Void = { $0.search = ["none.example", "corp.example"] }
    try await withNameServer(on: backend, Self.zone.behaviour, change) { server, resolver async throws in
      #expect(try await hosts(of: "DB", using: resolver) == ["192.0.2.9"])
      #expect(server.queries.count == 4 && server.queries[0].hasPrefix("db.none.example. IN"))
      #expect(try await hosts(of: "four.example", using: resolver) == ["192.0.2.4"])
      #expect(server.queries.count == 6)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a name with a dot at its end is itself alone, and not what the same without is`(
    backend: BackendKind
  ) async throws {
    let zone = Zone(("db.corp.example", a(9), 300), ("db", a(1), 300))
    try await withNameServer(on: backend, zone.behaviour, { $0.search = ["corp.example"] }) {
      server, resolver async throws in
      for _ in 0..<2 {
        #expect(try await hosts(of: "db.", family: .ipv4, using: resolver) == ["192.0.2.1"])
        #expect(try await hosts(of: "db", family: .ipv4, using: resolver) == ["192.0.2.9"])
      }
      #expect(server.queries == ["db. IN A udp", "db.corp.example. IN A udp"])
      #expect(await reason { try await resolve("none.", port: 1, family: .ipv4, using: resolver) } == .notFound)
      #expect(server.queries.dropFirst(2) == ["none. IN A udp"])
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `what libc takes for no host name is an error, in both directions`(backend: BackendKind) async throws {
    let evil = name("evil'<b>x$(id).example")
    let zone = Zone(
      ("$(id).test", a(1), 60), ("-rf.test", a(1), 60), ("test", a(1), 60), ("*.example.org", a(1), 60),
      ("under_score.test", a(2), 60), ("alias.test", .cname(evil), 60), ("evil'<b>x$(id).example", a(3), 60),
      ("7.2.0.192.in-addr.arpa", .ptr(evil), 60), ("8.2.0.192.in-addr.arpa", .ptr(evil), 60),
      ("8.2.0.192.in-addr.arpa", .ptr(name("www.example")), 60))
    try await withNameServer(on: backend, zone.behaviour) { server, resolver async throws in
      for host in ["$(id).test", "-rf.test", "test..", "*.example.org", ".example.org", "evil'<b>x$(id).example"] {
        let reason = await reason { try await resolve(host, port: 1, using: resolver) }
        guard case .malformed = reason else {
          Issue.record("\(host): \(String(describing: reason))")
          continue
        }
      }
      #expect(server.queries.isEmpty)
      #expect(try await hosts(of: "under_score.test", using: resolver) == ["192.0.2.2"])
      let alias = await reason { try await resolve("alias.test", port: 1, using: resolver) }
      #expect(alias == .unacceptableName("evil'<b>x$(id).example"))
      let error = await #expect(throws: NameError.self) {
        try await hostName(of: SocketAddress("192.0.2.7", port: 0)!, using: resolver)
      }
      #expect(error?.reason == .unacceptableName("evil'<b>x$(id).example") && error?.host == "192.0.2.7")
      // One valid name is enough.
      #expect(try await hostName(of: SocketAddress("192.0.2.8", port: 0)!, using: resolver) == "www.example")
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `what is not a name is not one for every resolver`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      for resolver in [Resolver.automatic, .system, .stub()] {
        let found = await reason { try await resolve("*.example.org", port: 1, using: resolver) }
        #expect(found == .malformed("it has a character that host names can't have"))
      }
      let connecting = await #expect(throws: NameError.self) {
        try await openConnection(host: ".example.org", port: 1)
      }
      #expect(connecting?.description == "resolve \".example.org\": not a host name: a label is empty")
      let loopbacks = try await resolve("api.localhost.", port: 1, family: .ipv4)
      #expect(loopbacks.count == 1)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `an answer that is too long for UDP is asked for over TCP`(backend: BackendKind) async throws {
    var zone = Self.zone
    for last in 2..<200 { zone.records.append(DNSRecord(name("long.example"), a(UInt32(last)), timeToLive: 60)) }
    try await withNameServer(on: backend, zone.behaviour) { server, resolver async throws in
      let addresses = try await resolve("long.example", port: 1, family: .ipv4, using: resolver)
      #expect(addresses.map(\.host) == (1..<200).map { "192.0.2.\($0)" })
      #expect(server.queries == ["long.example. IN A udp", "long.example. IN A tcp"])
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `TCP from the start, if it is configured`(backend: BackendKind) async throws {
    try await withNameServer(on: backend, Self.zone.behaviour, { $0.usesTCP = true }) { server, resolver async throws in
      #expect(try await hosts(of: "www.example", using: resolver) == ["192.0.2.7", "2001:db8::7"])
      #expect(server.queries.allSatisfy { $0.hasSuffix("tcp") } && server.queries.count == 2)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a thousand tasks that ask for one name send one query`(backend: BackendKind) async throws {
    let zone = Self.zone
    let slow: NameServer.Behaviour = { query, _ in
      [NameServer.Reply(bytes: try zone.answer(query).encoded(), delay: .milliseconds(50))]
    }
    try await withNameServer(on: backend, slow) { server, resolver async throws in
      let answers = try await withThrowingTaskGroup(of: [SocketAddress].self) { group in
        for number in 0..<1000 {
          group.addTask { try await resolve("www.example", port: UInt16(number), using: resolver) }
        }
        return try await group.reduce(into: 0) { $0 += $1.count }
      }
      #expect(answers == 2000)
      #expect(server.queries.count == 2)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `what is known is not asked for`(backend: BackendKind) async throws {
    let change: @Sendable (inout ResolverConfiguration) -> Void = {
      $0.hosts = HostsFile(parsing: "192.0.2.33 printer.example printer\n2001:db8::33 printer")
    }
    try await withNameServer(on: backend, Self.zone.behaviour, change) { server, resolver async throws in
      #expect(try await hosts(of: "PRINTER", using: resolver) == ["192.0.2.33", "2001:db8::33"])
      #expect(try await resolve("192.0.2.1", port: 7, using: resolver).map(\.description) == ["192.0.2.1:7"])
      #expect(try await resolve("::1", port: 7, using: resolver).map(\.description) == ["[::1]:7"])
      #expect(try await resolve("127.1", port: 7, using: resolver).map(\.description) == ["127.0.0.1:7"])
      for host in ["localhost", "LocalHost.", "api.localhost"] {
        let loopback = try await resolve(host, port: 1, using: resolver)
        #expect(
          loopback.contains(.loopback(port: 1)) && loopback.allSatisfy { ["127.0.0.1", "::1"].contains($0.host) })
      }
      #expect(await reason { try await resolve("x.invalid", port: 1, using: resolver) } == .notFound)
      #expect(
        await reason { try await resolve("a..b", port: 1, using: resolver) } == .malformed("a label is empty"))
      #expect(
        await reason { try await resolve("192.0.2.1", port: 1, family: .ipv6, using: resolver) } == .noAddress(.ipv6))
      #expect(try await hostName(of: SocketAddress("192.0.2.33", port: 80)!, using: resolver) == "printer.example")
      #expect(try await hostName(of: .loopback(port: 80), using: resolver) == "localhost")
      #expect(server.queries.isEmpty)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `answers are kept, also those that there is nothing`(backend: BackendKind) async throws {
    try await withNameServer(on: backend, Self.zone.behaviour) { server, resolver async throws in
      for _ in 0..<3 {
        #expect(try await hosts(of: "WWW.example", using: resolver) == ["192.0.2.7", "2001:db8::7"])
        #expect(await reason { try await resolve("nosuch.example", port: 1, using: resolver) } == .notFound)
      }
      #expect(server.queries.count == 4)
      // Another resolver has none of that.
      var configuration = ResolverConfiguration(servers: [server.address])
      configuration.cacheCapacity = 0
      let other = Resolver.stub(configuration)
      for _ in 0..<2 { _ = try await resolve("four.example", port: 1, family: .ipv4, using: other) }
      #expect(server.queries.count == 6)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `an address has a name`(backend: BackendKind) async throws {
    try await withNameServer(on: backend, Self.zone.behaviour) { server, resolver async throws in
      for _ in 0..<2 {
        #expect(try await hostName(of: SocketAddress("192.0.2.7", port: 443)!, using: resolver) == "www.example")
      }
      let error = await #expect(throws: NameError.self) {
        try await hostName(of: SocketAddress("2001:db8::9", port: 0)!, using: resolver)
      }
      #expect(error?.host == "2001:db8::9" && error?.reason == .notFound)
      #expect(server.queries.count == 2)
      let unix = await #expect(throws: NameError.self) {
        try await hostName(of: SocketAddress(abstractName: "x")!, using: resolver)
      }
      #expect(unix?.reason == .malformed("it is a Unix socket, which no host has"))
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `the resolver of a task is that of its connections`(backend: BackendKind) async throws {
    try await withNameServer(on: backend, Self.zone.behaviour) { server, resolver async throws in
      let echo = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
        try await writer.write(try await reader.readToEnd())
      }
      try await Resolver.$current.withValue(resolver) {
        let (reader, writer) = try await openConnection(host: "local.example", port: echo.port)
        try await writer.write("hello")
        try await writer.writeEOF()
        #expect(try await reader.readToEnd() == Array("hello".utf8))
        try await writer.close()
      }
      #expect(server.queries.count == 2)
      echo.close()
      try await echo.waitClosed()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `hundreds of names at once are each looked up`(backend: BackendKind) async throws {
    let behaviour: NameServer.Behaviour = { query, _ in
      var answer = DNSMessage.response(to: query)
      let number = UInt32(String(decoding: query.questions[0].name.labels[0], as: UTF8.self)) ?? 0
      answer.answers = [DNSRecord(query.questions[0].name, .a(0x0a00_0000 | number), timeToLive: 60)]
      return [NameServer.Reply(bytes: try answer.encoded())]
    }
    try await withNameServer(on: backend, behaviour) { server, resolver async throws in
      let wrong = try await withThrowingTaskGroup(of: Bool.self) { group in
        for number in 0..<600 {
          group.addTask {
            let found = try await resolve("\(number).example", port: 1, family: .ipv4, using: resolver)
            return found.map(\.host) != ["10.0.\(number >> 8).\(number & 255)"]
          }
        }
        return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
      }
      #expect(wrong == 0)
    }
  }
}
