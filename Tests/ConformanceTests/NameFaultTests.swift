// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import DNSWire
import TestSupport
import Testing

@Suite("Names, where something goes wrong", .timeLimit(.minutes(2))) struct NameFaultTests {
  static let zone = NameTests.zone

  @Test(arguments: BackendKind.conforming)
  func `answers of strangers, with a wrong id, to another question, and garbage are passed over`(
    backend: BackendKind
  ) async throws {
    let zone = Self.zone
    let behaviour: NameServer.Behaviour = { query, _ in
      var forged = DNSMessage.response(to: query)
      forged.answers = [DNSRecord(query.questions[0].name, a(66), timeToLive: 60)]
      var wrongID = forged
      wrongID.header.id ^= 1
      var wrongQuestion = forged
      wrongQuestion.questions[0].name = name("evil.example")
      var noResponse = forged
      noResponse.header.isResponse = false
      return [
        NameServer.Reply(bytes: try forged.encoded(), isStrangers: true),
        NameServer.Reply(bytes: try wrongID.encoded()), NameServer.Reply(bytes: try wrongQuestion.encoded()),
        NameServer.Reply(bytes: try noResponse.encoded()), NameServer.Reply(bytes: [1, 2, 3]),
        NameServer.Reply(bytes: Array(try forged.encoded().dropLast(3))), NameServer.Reply(bytes: []),
        NameServer.Reply(bytes: Array(try wrongID.encoded()[..<12])),
        NameServer.Reply(bytes: try zone.answer(query).encoded(), delay: .milliseconds(20)),
      ]
    }
    try await withNameServer(on: backend, behaviour) { server, resolver async throws in
      #expect(try await hosts(of: "www.example", using: resolver) == ["192.0.2.7", "2001:db8::7"])
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a server that can't is passed over for the next one`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let bad = try await NameServer { query, _ in
        [NameServer.Reply(bytes: try DNSMessage.response(to: query, .serverFailure).encoded())]
      }
      let good = try await NameServer(Self.zone.behaviour)
      let both = Resolver.stub(ResolverConfiguration(servers: [bad.address, good.address]))
      #expect(try await hosts(of: "four.example", using: both) == ["192.0.2.4"])
      #expect(bad.queries.count == 2 && good.queries.count == 2)

      let onlyBad = Resolver.stub(ResolverConfiguration(servers: [bad.address]))
      let error = await #expect(throws: NameError.self) { try await resolve("four.example", port: 1, using: onlyBad) }
      #expect(error?.description == "resolve four.example: \(bad.address) answered SERVFAIL")
      try await bad.close()
      try await good.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a server that is silent is passed over, and comes last from then on`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      // Its answers come too late.
      let late = try await NameServer { query, _ in
        [NameServer.Reply(bytes: try Self.zone.answer(query).encoded(), delay: .milliseconds(300))]
      }
      let good = try await NameServer(Self.zone.behaviour)
      var configuration = ResolverConfiguration(servers: [late.address, good.address])
      configuration.timeout = .milliseconds(100)
      let resolver = Resolver.stub(configuration)
      #expect(try await hosts(of: "four.example", using: resolver) == ["192.0.2.4"])
      #expect(late.queries.count == 2)
      #expect(try await hosts(of: "www.example", using: resolver) == ["192.0.2.7", "2001:db8::7"])
      if backend == .virtual { #expect(late.queries.count == 2) }

      let onlyLate = Resolver.stub(
        {
          var configuration = configuration
          configuration.servers = [late.address]
          return configuration
        }())
      let error = await #expect(throws: NameError.self) { try await resolve("four.example", port: 1, using: onlyLate) }
      #expect(error?.reason == .timedOut(servers: [late.address]))
      #expect(error?.description == "resolve four.example: no answer from \(late.address)")
      try await late.close()
      try await good.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a port that nobody listens at says so at once`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      // A socket connected to another address receives nothing from us, and keeps its port from other tests.
      let holder = try await DatagramSocket.connect(to: .loopback(port: 9), from: .loopback(port: 0))
      let nobody = holder.localAddress
      var configuration = ResolverConfiguration(servers: [nobody])
      configuration.timeout = .seconds(20)
      let resolver = Resolver.stub(configuration)
      let reason = await reason { try await resolve("four.example", port: 1, using: resolver) }
      holder.close()
      guard case .serverFailure(let failures) = reason, case .unreachable(let error)? = failures.first?.problem else {
        Issue.record("the reason is \(String(describing: reason))")
        return
      }
      #expect(error.code == .connectionRefused && failures[0].server == nobody)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a server from before EDNS is asked without it`(backend: BackendKind) async throws {
    let zone = Self.zone
    let behaviour: NameServer.Behaviour = { query, _ in
      if query.edns == nil { return [NameServer.Reply(bytes: try zone.answer(query).encoded())] }
      var refusal = DNSMessage.response(to: query, .formatError)
      refusal.questions = []
      refusal.edns = nil
      return [NameServer.Reply(bytes: try refusal.encoded())]
    }
    try await withNameServer(on: backend, behaviour) { _, resolver async throws in
      #expect(try await hosts(of: "www.example", using: resolver) == ["192.0.2.7", "2001:db8::7"])
    }
  }

  /// Answers queries without EDNS, and treats those with EDNS otherwise.
  private static func plain(
    _ refuse: @escaping @Sendable (DNSMessage) throws -> [NameServer.Reply]
  )
    -> NameServer.Behaviour
  {
    let zone = Self.zone
    return { query, _ in
      query.edns == nil ? [NameServer.Reply(bytes: try zone.answer(query).encoded())] : try refuse(query)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a box that drops queries with EDNS costs one time-out, and none after it`(backend: BackendKind) async throws {
    for attempts in [1, 2] {
      let change: @Sendable (inout ResolverConfiguration) -> Void = {
        $0.timeout = .milliseconds(400)
        $0.attempts = attempts
      }
      try await withNameServer(on: backend, Self.plain { _ in [] }, change) { server, resolver async throws in
        #expect(try await hosts(of: "www.example", using: resolver) == ["192.0.2.7", "2001:db8::7"])
        #expect(server.queries.count == 4)
        #expect(try await hosts(of: "four.example", family: .ipv4, using: resolver) == ["192.0.2.4"])
        #expect(server.queries.count == 5)
      }
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a server that answers EDNS with a bare header, NOTIMP or SERVFAIL is asked without`(
    backend: BackendKind
  ) async throws {
    let refusals: [@Sendable (DNSMessage) throws -> [NameServer.Reply]] = [
      { query in
        // The header of the query with its counts, but without the records that it counts.
        let bytes = try DNSMessage.response(to: query, .formatError).encoded()
        return [NameServer.Reply(bytes: Array(bytes[..<12]))]
      },
      { query in [NameServer.Reply(bytes: try DNSMessage.response(to: query, .notImplemented).encoded())] },
      { query in
        var refusal = DNSMessage.response(to: query, .serverFailure)
        refusal.edns = nil
        return [NameServer.Reply(bytes: try refusal.encoded())]
      },
    ]
    for refusal in refusals {
      try await withNameServer(on: backend, Self.plain(refusal)) { server, resolver async throws in
        #expect(try await hosts(of: "four.example", family: .ipv4, using: resolver) == ["192.0.2.4"])
        #expect(server.queries.count == 2)
        #expect(try await hosts(of: "www.example", family: .ipv4, using: resolver) == ["192.0.2.7"])
        #expect(server.queries.count == 3)
      }
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `garbage over TCP is a server's failure`(backend: BackendKind) async throws {
    let behaviour: NameServer.Behaviour = { _, _ in [NameServer.Reply(bytes: [1, 2, 3])] }
    try await withNameServer(on: backend, behaviour, { $0.usesTCP = true }) { server, resolver async throws in
      let reason = await reason { try await resolve("www.example", port: 1, using: resolver) }
      #expect(reason == .serverFailure([.init(server: server.address, problem: .unusableAnswer)]))
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `cancelling one who asks does not cancel the others`(backend: BackendKind) async throws {
    let zone = Self.zone
    let slow: NameServer.Behaviour = { query, _ in
      [NameServer.Reply(bytes: try zone.answer(query).encoded(), delay: .milliseconds(50))]
    }
    try await withNameServer(on: backend, slow) { server, resolver async throws in
      // The first task is the one that begins the look-up.
      let first = Task { try await resolve("www.example", port: 1, using: resolver) }
      try await turns { server.queries.count == 2 }
      let second = Task { try await resolve("www.example", port: 1, using: resolver) }
      try await sleep(.zero)
      first.cancel()
      await #expect(throws: CancellationError.self) { try await first.value }
      #expect(hosts(try await second.value) == ["192.0.2.7", "2001:db8::7"])
      #expect(server.queries.count == 2)
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `when all who ask have left, nothing is left of the look-up`(backend: BackendKind) async throws {
    try await withNameServer(on: backend, { _, _ in [] }) { server, resolver async throws in
      let idle = EventLoop.current.statistics
      let tasks = (0..<3).map { _ in Task { try await resolve("www.example", port: 1, using: resolver) } }
      try await turns { server.queries.count == 2 }
      for task in tasks { task.cancel() }
      for task in tasks { await #expect(throws: CancellationError.self) { try await task.value } }
      try await turns { EventLoop.current.statistics.operationsInFlight == idle.operationsInFlight }
      #expect(EventLoop.current.statistics.timers <= idle.timers)

      // The next caller begins anew.
      await #expect(throws: TimeoutError.self) {
        try await withTimeout(.milliseconds(50)) { try await resolve("www.example", port: 1, using: resolver) }
      }
      #expect(server.queries.count == 4)
    }
  }
}
