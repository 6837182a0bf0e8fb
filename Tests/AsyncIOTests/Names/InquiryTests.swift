// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import DNSWire
import Testing

@testable import AsyncIO

private func name(_ text: String) -> DNSName { try! DNSName(text) }
private let www = name("www.example")
private let servers = (1...2).map { SocketAddress("192.0.2.\($0)", port: 53)! }

private func answer(
  _ code: DNSResponseCode = .noError, _ records: [DNSRecord] = [], minimum: UInt32? = nil, to question: DNSName = www
) -> DNSMessage {
  var message = DNSMessage.response(to: .query(question, .a, id: 0), code)
  message.answers = records
  if let minimum {
    let zone = StartOfAuthority(primaryServer: name("ns.example"), mailbox: name("m.example"), minimum: minimum)
    message.authorities = [DNSRecord(name("example"), .soa(zone), timeToLive: 100)]
  }
  return message
}

private func inquiry(_ servers: [SocketAddress] = servers, attempts: Int = 2, usesTCP: Bool = false) -> Inquiry {
  Inquiry(www, .a, servers: servers, attempts: attempts, usesTCP: usesTCP)
}

extension Inquiry {
  fileprivate var attempt: Attempt? { if case .ask(let attempt) = next() { attempt } else { nil } }
  fileprivate var finding: Finding? { if case .done(let finding) = next() { finding } else { nil } }
  fileprivate var asked: DNSQuestion? { attempt?.query.questions.first }
}

@Suite struct InquiryTests {
  private func failures(_ problems: (Int, NameError.ServerFailure.Problem)...) -> Inquiry.Finding {
    .failed(problems.map { NameError.ServerFailure(server: servers[$0.0], problem: $0.1) })
  }

  @Test func `records hold as long as the shortest of them`() {
    var inquiry = inquiry()
    #expect(
      inquiry.attempt
        == Inquiry.Attempt(server: servers[0], overTCP: false, hasHalfTime: false, query: .query(www, .a, id: 0)))
    inquiry.answered(answer(.noError, [DNSRecord(www, .a(1), timeToLive: 60), DNSRecord(www, .a(2), timeToLive: 30)]))
    #expect(inquiry.finding == .records([.a(1), .a(2)], timeToLive: 30))
  }

  @Test func `a time to live with its first bit set is zero`() {
    var inquiry = inquiry()
    inquiry.answered(answer(.noError, [DNSRecord(www, .a(1), timeToLive: 0x8000_0000)]))
    #expect(inquiry.finding == .records([.a(1)], timeToLive: 0))
  }

  @Test func `records of other names types and classes do not count`() {
    var inquiry = inquiry()
    inquiry.answered(
      answer(
        .noError,
        [
          DNSRecord(name("evil.example"), .a(9), timeToLive: 60), DNSRecord(www, .aaaa(1, 1), timeToLive: 60),
          DNSRecord(www, .a(8), timeToLive: 60, .chaos),
        ], minimum: 5))
    #expect(inquiry.finding == .nothing(nameExists: true, timeToLive: 5))
  }

  @Test func `a negative answer holds as long as its zone says`() {
    var missing = inquiry()
    missing.answered(answer(.noSuchName, minimum: 300))
    #expect(missing.finding == .nothing(nameExists: false, timeToLive: 100))
    var empty = inquiry()
    empty.answered(answer(.noError))
    #expect(empty.finding == .nothing(nameExists: true, timeToLive: nil))
    var unsaid = inquiry()
    unsaid.answered(answer(.noSuchName))
    #expect(unsaid.finding == .nothing(nameExists: false, timeToLive: nil))
  }

  @Test func `an alias is followed within the answer`() {
    var inquiry = inquiry()
    inquiry.answered(
      answer(
        .noError,
        [
          DNSRecord(name("b.example"), .a(7), timeToLive: 60),
          DNSRecord(name("a.example"), .cname(name("b.example")), timeToLive: 20),
          DNSRecord(www, .cname(name("a.example")), timeToLive: 60),
        ]))
    #expect(inquiry.finding == .records([.a(7)], timeToLive: 20))
  }

  @Test func `an alias is followed by further queries`() {
    var inquiry = inquiry()
    inquiry.failed(.noAnswer)
    inquiry.answered(answer(.noError, [DNSRecord(www, .cname(name("a.example")), timeToLive: 20)]))
    #expect(inquiry.asked == DNSQuestion(name("a.example"), .a))
    // The server that knew the alias.
    #expect(inquiry.attempt?.server == servers[1])
    inquiry.answered(answer(.noError, [DNSRecord(name("a.example"), .a(7), timeToLive: 60)], to: name("a.example")))
    #expect(inquiry.finding == .records([.a(7)], timeToLive: 20))
  }

  @Test func `an alias of nothing is nothing`() {
    var inquiry = inquiry()
    inquiry.answered(answer(.noSuchName, [DNSRecord(www, .cname(name("a.example")), timeToLive: 20)], minimum: 50))
    #expect(inquiry.finding == .nothing(nameExists: false, timeToLive: 20))
  }

  @Test func `aliases in a circle end`() {
    var within = inquiry([servers[0]])
    within.answered(
      answer(
        .noError,
        [
          DNSRecord(www, .cname(name("a.example")), timeToLive: 20),
          DNSRecord(name("a.example"), .cname(www), timeToLive: 20),
        ]))
    #expect(within.finding == failures((0, .unusableAnswer)))

    var byQueries = inquiry([servers[0]])
    var queries = 0
    while let asked = byQueries.asked, queries < 100 {
      queries += 1
      let other = asked.name == www ? name("a.example") : www
      byQueries.answered(answer(.noError, [DNSRecord(asked.name, .cname(other), timeToLive: 20)], to: asked.name))
    }
    #expect(queries == Inquiry.mostAliases + 1)
    #expect(byQueries.finding == failures((0, .unusableAnswer)))
  }

  @Test func `a truncated answer is asked for over TCP`() {
    var inquiry = inquiry()
    var truncated = answer()
    truncated.header.isTruncated = true
    inquiry.answered(truncated)
    #expect(inquiry.attempt?.overTCP == true && inquiry.attempt?.server == servers[0])
    inquiry.answered(truncated)
    #expect(inquiry.attempt?.overTCP == false && inquiry.attempt?.server == servers[1])
  }

  @Test func `a server that fails is asked no more and the next one is`() {
    var inquiry = inquiry()
    inquiry.answered(answer(.serverFailure))
    #expect(inquiry.attempt?.server == servers[1])
    inquiry.failed(.noAnswer)
    // The second round asks only the silent one.
    #expect(inquiry.attempt?.server == servers[1])
    inquiry.failed(.noAnswer)
    #expect(inquiry.finding == failures((0, .refused(responseCode: 2)), (1, .noAnswer)))
  }

  @Test func `silent servers are asked as often as configured`() {
    var inquiry = inquiry(attempts: 3)
    var asked: [SocketAddress] = []
    while let attempt = inquiry.attempt {
      asked.append(attempt.server)
      inquiry.failed(.noAnswer)
    }
    #expect(asked == servers + servers + servers)
    #expect(inquiry.finding == failures((0, .noAnswer), (1, .noAnswer)))
  }

  @Test(arguments: [DNSResponseCode.formatError, .notImplemented, .badVersion])
  func `a server that does not know EDNS is asked without`(code: DNSResponseCode) {
    var inquiry = inquiry([servers[0]])
    #expect(inquiry.attempt?.query.edns != nil)
    inquiry.answered(answer(code))
    #expect(inquiry.attempt?.query.edns == nil && inquiry.attempt?.server == servers[0])
    inquiry.answered(answer(code))
    #expect(inquiry.finding == failures((0, .refused(responseCode: code.rawValue))))
  }

  @Test func `a server failure may mean EDNS unless the server speaks it`() {
    var inquiry = inquiry([servers[0]])
    var old = answer(.serverFailure)
    old.edns = nil
    inquiry.answered(old)
    #expect(inquiry.attempt?.query.edns == nil && inquiry.attempt?.server == servers[0])
    inquiry.answered(old)
    #expect(inquiry.finding == failures((0, .refused(responseCode: 2))))
  }

  @Test func `a silent server is asked without EDNS in the next round`() {
    var inquiry = inquiry([servers[0]])
    #expect(inquiry.attempt?.query.edns != nil && inquiry.attempt?.hasHalfTime == false)
    inquiry.failed(.noAnswer)
    #expect(inquiry.attempt?.query.edns == nil && inquiry.attempt?.server == servers[0])
    inquiry.answered(answer(.noError, [DNSRecord(www, .a(1), timeToLive: 60)]))
    #expect(inquiry.finding == .records([.a(1)], timeToLive: 60))
  }

  @Test func `a single round is divided between both kinds of query`() {
    var inquiry = inquiry(attempts: 1)
    for server in servers {
      for hasEDNS in [true, false] {
        #expect(inquiry.attempt?.server == server && inquiry.attempt?.hasHalfTime == true)
        #expect((inquiry.attempt?.query.edns != nil) == hasEDNS)
        inquiry.failed(.noAnswer)
      }
    }
    #expect(inquiry.finding == failures((0, .noAnswer), (1, .noAnswer)))
  }

  @Test func `a server that is known not to take EDNS gets none`() {
    var inquiry = Inquiry(www, .a, servers: servers, attempts: 1, withoutEDNS: [servers[0]])
    #expect(inquiry.attempt?.query.edns == nil && inquiry.attempt?.hasHalfTime == false)
    inquiry.failed(.noAnswer)
    #expect(inquiry.attempt?.server == servers[1] && inquiry.attempt?.query.edns != nil)
  }

  @Test func `a server that hangs up is asked once more without EDNS`() {
    var inquiry = inquiry([servers[0]], usesTCP: true)
    inquiry.failed(.unusableAnswer)
    #expect(inquiry.attempt?.query.edns == nil && inquiry.attempt?.overTCP == true)
    inquiry.failed(.unusableAnswer)
    #expect(inquiry.finding == failures((0, .unusableAnswer)))
  }

  @Test func `an alias of what is not a host name is not followed`() {
    var inquiry = inquiry()
    let evil = name("$(id).example")
    inquiry.answered(
      answer(
        .noError,
        [DNSRecord(www, .cname(evil), timeToLive: 20), DNSRecord(evil, .a(7), timeToLive: 60)]))
    #expect(inquiry.finding == .unacceptable(evil))
    // A name for reverse look-ups is not a host's name (RFC 2317).
    var reverse = Inquiry(name("7.2.0.192.in-addr.arpa"), .ptr, servers: servers, attempts: 1)
    let zone = name("7.0/25.2.0.192.in-addr.arpa")
    let records = [
      DNSRecord(name("7.2.0.192.in-addr.arpa"), .cname(zone), timeToLive: 20),
      DNSRecord(zone, .ptr(www), timeToLive: 9),
    ]
    reverse.answered(answer(.noError, records))
    #expect(reverse.finding == .records([.ptr(www)], timeToLive: 9))
  }

  @Test func `a referral is not an answer`() {
    var inquiry = inquiry([servers[0]])
    var referral = answer()
    referral.header.recursionAvailable = false
    inquiry.answered(referral)
    #expect(inquiry.finding == failures((0, .unusableAnswer)))
  }

  @Test func `without servers there is no answer`() { #expect(inquiry([]).finding == .failed([])) }
}

@Suite struct NameLookUpTests {
  private let failure = NameError.ServerFailure(server: servers[0], problem: .refused(responseCode: 2))
  private let silence = NameError.ServerFailure(server: servers[0], problem: .noAnswer)

  private func lookUp(_ candidates: [String] = ["www.example"]) -> NameLookUp {
    NameLookUp(candidates.map(name), types: [.aaaa, .a])
  }

  private func outcome(_ lookUp: NameLookUp) -> NameLookUp.Outcome? {
    if case .done(let outcome) = lookUp.next() { outcome } else { nil }
  }

  @Test func `both families are asked for at once and IPv6 comes first`() {
    var lookUp = lookUp()
    #expect(lookUp.next() == .ask([DNSQuestion(www, .aaaa), DNSQuestion(www, .a)]))
    lookUp.found([.records([.aaaa(1, 1)], timeToLive: 60), .records([.a(1)], timeToLive: 30)])
    #expect(outcome(lookUp) == .init(content: .records([.aaaa(1, 1), .a(1)]), timeToLive: 30))
  }

  @Test func `a name that leads to no host name is an error`() {
    var lookUp = lookUp(["www.x", "www"])
    lookUp.found([.unacceptable(name("$(id).x")), .nothing(nameExists: true, timeToLive: 9)])
    #expect(outcome(lookUp) == .init(content: .failure(.unacceptableName("$(id).x")), timeToLive: nil))
  }

  @Test func `one family will do`() {
    var lookUp = lookUp()
    lookUp.found([.nothing(nameExists: true, timeToLive: nil), .records([.a(1)], timeToLive: 30)])
    #expect(outcome(lookUp) == .init(content: .records([.a(1)]), timeToLive: 30))
  }

  @Test func `half an answer is not kept for long`() {
    var lookUp = lookUp()
    lookUp.found([.failed([silence]), .records([.a(1)], timeToLive: 3000)])
    #expect(outcome(lookUp) == .init(content: .records([.a(1)]), timeToLive: 10))
  }

  @Test func `the next name is asked for if there is nothing`() {
    var lookUp = lookUp(["www.x", "www"])
    lookUp.found([.nothing(nameExists: false, timeToLive: 5), .nothing(nameExists: false, timeToLive: 5)])
    #expect(lookUp.next() == .ask([DNSQuestion(name("www"), .aaaa), DNSQuestion(name("www"), .a)]))
    lookUp.found([.nothing(nameExists: true, timeToLive: 9), .nothing(nameExists: true, timeToLive: 9)])
    #expect(outcome(lookUp) == .init(content: .failure(.noAddress(nil)), timeToLive: 5))
  }

  @Test func `nothing that nobody said how long is not kept`() {
    var lookUp = lookUp()
    lookUp.found([.nothing(nameExists: false, timeToLive: 5), .nothing(nameExists: false, timeToLive: nil)])
    #expect(outcome(lookUp) == .init(content: .failure(.notFound), timeToLive: nil))
  }

  @Test func `a failure is not taken for nothing`() {
    var lookUp = lookUp(["www.x", "www"])
    lookUp.found([.failed([failure]), .failed([failure])])
    lookUp.found([.nothing(nameExists: false, timeToLive: 5), .nothing(nameExists: false, timeToLive: 5)])
    #expect(outcome(lookUp) == .init(content: .failure(.serverFailure([failure])), timeToLive: nil))
  }

  @Test func `a failure is forgotten if another name has addresses`() {
    var lookUp = lookUp(["www.x", "www"])
    lookUp.found([.failed([failure]), .failed([failure])])
    lookUp.found([.records([.aaaa(1, 1)], timeToLive: 60), .nothing(nameExists: true, timeToLive: 60)])
    #expect(outcome(lookUp) == .init(content: .records([.aaaa(1, 1)]), timeToLive: 60))
  }

  @Test func `silence ends the look-up`() {
    var lookUp = lookUp(["www.x", "www"])
    lookUp.found([.failed([silence]), .failed([silence])])
    #expect(outcome(lookUp) == .init(content: .failure(.timedOut(servers: [servers[0]])), timeToLive: nil))
  }
}
