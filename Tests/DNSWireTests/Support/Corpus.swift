// SPDX-License-Identifier: Apache-2.0

import DNSWire

/// Valid messages with every feature.
enum Corpus {
  static func name(_ text: String) -> DNSName { try! DNSName(text) }

  static let zone = StartOfAuthority(
    primaryServer: name("ns1.example.com"), mailbox: name("hostmaster.example.com"), serial: 2_026_112_101,
    minimum: 300)

  static let everyType: [DNSRecordData] = [
    .a(0xc000_0201), .aaaa(0x2001_0db8_0000_0000, 1), .cname(name("www.example.com")), .ns(name("ns1.example.com")),
    .ptr(name("host.example.com")), .soa(zone), .mx(preference: 10, name("mail.example.com")),
    .txt([Array("v=spf1 -all".utf8), [], [0, 255]]), .txt([]),
    .srv(priority: 1, weight: 2, port: 5269, name("xmpp.example.com")), .other(DNSType(rawValue: 65_280), [1, 2, 3]),
  ]

  static let messages: [DNSMessage] = {
    let query = DNSMessage.query(name("www.example.com"), .aaaa, id: 0xbeef)
    let plain = DNSMessage.query(name("."), .ns, id: 0, edns: nil)

    var answer = DNSMessage.response(to: query)
    answer.answers = [
      DNSRecord(name("www.example.com"), .cname(name("web.example.com")), timeToLive: 60),
      DNSRecord(name("web.example.com"), .aaaa(0x2001_0db8_0000_0000, 2), timeToLive: 30),
    ]

    var everything = DNSMessage.response(to: DNSMessage.query(name("example.com"), .any, id: 7))
    everything.header.isAuthoritative = true
    everything.header.isAuthenticated = true
    everything.header.checkingDisabled = true
    everything.answers = everyType.map { DNSRecord(name("example.com"), $0, timeToLive: 3600) }
    everything.authorities = [DNSRecord(name("example.com"), .ns(name("ns1.example.com")), timeToLive: .max)]
    everything.additionals = [DNSRecord(name("ns1.example.com"), .a(0x0a00_0001), timeToLive: 0, .chaos)]
    everything.edns?.wantsSignatures = true
    everything.edns?.options = [EDNS.Option(code: 10, data: Array(1...8)), EDNS.Option(code: 12, data: [])]

    var missing = DNSMessage.response(to: query, .noSuchName)
    missing.authorities = [DNSRecord(name("example.com"), .soa(zone), timeToLive: 900)]

    let refused = DNSMessage.response(to: plain, .refused, recursionAvailable: false)
    let badVersion = DNSMessage.response(to: query, .badVersion)
    return [query, plain, answer, everything, missing, refused, badVersion]
  }()
}
