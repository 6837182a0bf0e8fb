// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import DNSWire
import Testing

@testable import AsyncIO

private func name(_ text: String) -> DNSName { try! DNSName(text) }

@Suite struct HostNameTests {
  @Test func `this machine and nowhere are known without asking`() {
    for text in ["localhost", "LOCALHOST.", "a.b.localhost"] { #expect(HostName(text) == .localhost) }
    for text in ["nosuch.invalid", "invalid.", "x.ONION"] { #expect(HostName(text) == .nowhere) }
    for text in ["127.1", "0x7f.1", "1.2.3", "0x7f000001", "host.1"] { #expect(HostName(text) == .number) }
  }

  @Test func `a name knows its dots`() {
    #expect(HostName("db") == .name(name("db"), dots: 0, isAbsolute: false))
    #expect(HostName("a.b.c") == .name(name("a.b.c"), dots: 2, isAbsolute: false))
    #expect(HostName("a.b.c.") == .name(name("a.b.c"), dots: 3, isAbsolute: true))
    #expect(HostName("_srv.a-b.c9") == .name(name("_srv.a-b.c9"), dots: 2, isAbsolute: false))
  }

  @Test func `what is not a name says why`() {
    #expect(HostName("") == .malformed("it is empty"))
    #expect(HostName(".") == .malformed("it is the root"))
    #expect(HostName("a..b") == .malformed("a label is empty"))
    #expect(HostName("test..") == .malformed("a label is empty"))
    #expect(HostName(".example.org") == .malformed("a label is empty"))
    #expect(HostName("-a.example") == .malformed("it begins with a hyphen"))
    for text in ["*.example.org", "$(id).test", "evil'<b>", "a/b", "a\\046b", "a:80", "a%lo", "fe80::1%nosuchzone"] {
      #expect(HostName(text) == .malformed("it has a character that host names can't have"), "\(text)")
    }
    #expect(HostName("a b") == .malformed("it has a character that host names can't have"))
    #expect(HostName("a\0b") == .malformed("it has a character that host names can't have"))
    #expect(HostName("bücher.example") == .malformed("it is not ASCII; use its xn-- form"))
    #expect(HostName(String(repeating: "a", count: 64)) == .malformed("a label is longer than 63 bytes"))
    #expect(HostName(String(repeating: "ab.", count: 100)) == .malformed("it is longer than 255 bytes"))
  }
}

@Suite struct SearchListTests {
  private func candidates(_ text: String, ndots: Int = 1, search: [String] = ["x.example", "example"]) -> [String] {
    guard case .name(let name, let dots, let isAbsolute) = HostName(text) else { return [] }
    return SearchList.candidates(for: name, dots: dots, isAbsolute: isAbsolute, search: search, ndots: ndots)
      .map(\.description)
  }

  @Test func `a short name is searched for in the domains first`() {
    #expect(candidates("db") == ["db.x.example.", "db.example.", "db."])
    #expect(candidates("a.b", ndots: 2) == ["a.b.x.example.", "a.b.example.", "a.b."])
  }

  @Test func `a name with enough dots is taken as it is first`() {
    #expect(candidates("a.b") == ["a.b.", "a.b.x.example.", "a.b.example."])
    #expect(candidates("db", ndots: 0) == ["db.", "db.x.example.", "db.example."])
  }

  @Test func `a name with a dot at its end is meant as it is`() { #expect(candidates("db.") == ["db."]) }

  @Test func `a name with a dot is known apart from one without`() {
    #expect(HostName.canonical("DB.") == "db." && HostName.canonical("db") == "db")
    #expect(HostName.canonicalFromRoot("DB.") == "db" && HostName.canonicalFromRoot("dB") == "db")
  }

  @Test func `what is not a domain is left out`() {
    #expect(candidates("db", search: ["$(id).example"]) == ["db."])
    #expect(candidates("db", search: ["a..b", String(repeating: "ab.", count: 84), "ok"]) == ["db.ok.", "db."])
  }
}

@Suite struct ServerOrderTests {
  private let servers = (1...3).map { SocketAddress("192.0.2.\($0)", port: 53)! }

  @Test func `servers are asked in their order or by turns`() {
    var order = ServerOrder()
    for _ in 0..<2 { #expect(order.next(of: servers, rotates: false, now: 0) == servers) }
    let firsts = (0..<4).map { _ in order.next(of: servers, rotates: true, now: 0)[0] }
    #expect(firsts == [servers[0], servers[1], servers[2], servers[0]])
    #expect(order.next(of: [servers[2]], rotates: true, now: 0) == [servers[2]])
    #expect(order.next(of: [], rotates: true, now: 0).isEmpty)
  }

  @Test func `a silent server comes last for a while`() {
    var order = ServerOrder()
    order.wasSilent(servers[0], now: 0)
    #expect(order.next(of: servers, rotates: false, now: 1) == [servers[1], servers[2], servers[0]])
    #expect(order.next(of: servers, rotates: false, now: ServerOrder.penalty) == servers)
    order.wasSilent(servers[0], now: 0)
    order.answered(servers[0])
    #expect(order.next(of: servers, rotates: false, now: 1) == servers)
  }

  @Test func `a server without EDNS is remembered for a while`() {
    var order = ServerOrder()
    #expect(order.withoutEDNS(now: 0).isEmpty)
    order.answeredWithoutEDNS(servers[0], now: 0)
    // A known fact does not last longer because it is confirmed.
    order.answeredWithoutEDNS(servers[0], now: 5)
    #expect(order.withoutEDNS(now: ServerOrder.memoryOfEDNS - 1) == [servers[0]])
    #expect(order.withoutEDNS(now: ServerOrder.memoryOfEDNS).isEmpty)
  }
}

@Suite struct NameCacheTests {
  @Test func `an answer holds until its time is over`() {
    var cache = NameCache<String, Int>(capacity: 10)
    cache.insert(1, for: "a", until: 10, now: 0)
    #expect(cache.value(for: "a", now: 9) == 1)
    #expect(cache.value(for: "a", now: 10) == nil)
    #expect(cache.value(for: "b", now: 0) == nil)
    cache.insert(2, for: "a", until: 20, now: 10)
    #expect(cache.value(for: "a", now: 10) == 2)
    cache.insert(3, for: "a", until: 11, now: 11)
    #expect(cache.value(for: "a", now: 11) == nil)
  }

  @Test func `a full cache forgets what would be over first`() {
    var cache = NameCache<Int, Int>(capacity: 8)
    for number in 0..<8 { cache.insert(number, for: number, until: Int64(100 - number), now: 0) }
    cache.insert(8, for: 8, until: 50, now: 0)
    #expect(cache.count == 7)
    #expect((0...8).filter { cache.value(for: $0, now: 0) != nil } == [0, 1, 2, 3, 4, 5, 8])
    for number in 10..<1000 {
      cache.insert(number, for: number, until: 1000, now: 0)
      #expect(cache.count <= 8)
    }
  }

  @Test func `a full cache forgets what is over before anything else`() {
    var cache = NameCache<Int, Int>(capacity: 8)
    for number in 0..<8 { cache.insert(number, for: number, until: number < 4 ? 10 : 100, now: 0) }
    cache.insert(8, for: 8, until: 100, now: 50)
    #expect(cache.count == 5 && cache.value(for: 4, now: 50) == 4)
  }

  @Test func `a cache without room keeps nothing`() {
    var cache = NameCache<Int, Int>(capacity: 0)
    cache.insert(1, for: 1, until: 100, now: 0)
    #expect(cache.count == 0)
  }
}
