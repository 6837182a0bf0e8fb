// SPDX-License-Identifier: Apache-2.0
// Exchange with other implementations: dig asks our name server, and our resolver asks dnsmasq.

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import DNSWire
import Glibc
import TestSupport
import Testing

@Suite("Names to and from others", .timeLimit(.minutes(1)))
struct NameExchangeTests {
  private static let zone: Zone = {
    var zone = Zone(
      ("www.example", a(7), 300), ("www.example", aaaa(7), 300), ("alias.example", .cname(name("www.example")), 60),
      ("example", .mx(preference: 10, name("mail.example")), 60),
      ("example", .txt([Array("one \"1\"".utf8), Array("two".utf8)]), 60),
      ("_xmpp._tcp.example", .srv(priority: 1, weight: 2, port: 5269, name("www.example")), 60),
      ("7.2.0.192.in-addr.arpa", .ptr(name("www.example")), 60))
    zone.records += (1...200).map { DNSRecord(name("long.example"), a($0), timeToLive: 60) }
    return zone
  }()

  /// The output of dig, line by line.
  private static func dig(_ server: NameServer, _ arguments: [String]) async throws -> [String]? {
    let options = ["@127.0.0.1", "-p", "\(server.address.port)", "+tries=1", "+time=20", "+short"]
    guard let dig = try TestProgram.installed("dig", options + arguments) else { return nil }
    return await onThread { dig.lines() }
  }

  @Test(arguments: JobOrderTests.ordered)
  func `dig reads what our codec writes`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let server = try await NameServer(Self.zone.behaviour)
      let expected: [([String], [String])] = [
        (["www.example", "A"], ["192.0.2.7"]), (["www.example", "AAAA"], ["2001:db8::7"]),
        (["alias.example", "A"], ["www.example.", "192.0.2.7"]), (["example", "MX"], ["10 mail.example."]),
        (["example", "TXT"], [#""one \"1\"" "two""#]), (["_xmpp._tcp.example", "SRV"], ["1 2 5269 www.example."]),
        (["-x", "192.0.2.7"], ["www.example."]), (["+noedns", "www.example", "A"], ["192.0.2.7"]),
        (["+tcp", "www.example", "A"], ["192.0.2.7"]), (["+dnssec", "www.example", "A"], ["192.0.2.7"]),
        (["long.example", "A"], (1...200).map { "192.0.2.\($0)" }), (["nosuch.example", "A"], []),
      ]
      for (arguments, lines) in expected {
        guard let printed = try await Self.dig(server, arguments) else { break }
        #expect(printed == lines, "dig \(arguments)")
      }
      try await server.close()
    }
  }

  /// A dnsmasq that answers on a free port; nil if the machine doesn't have it.
  private static func startDnsmasq(hosts: String) async throws -> (TestProgram, SocketAddress)? {
    for _ in 0..<5 {
      let probe = try await DatagramSocket.bind(host: "127.0.0.1", port: 0)
      let address = probe.localAddress
      probe.close()
      try await probe.waitClosed()
      let arguments = [
        "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=", "--user=root", "--no-resolv", "--no-hosts",
        "--port=\(address.port)", "--listen-address=127.0.0.1", "--bind-interfaces", "--local=/example/",
        "--addn-hosts=\(hosts)", "--host-record=www.example,192.0.2.7,2001:db8::7,300", "--log-facility=/dev/null",
        "--cname=alias.example,www.example,30", "--host-record=four.example,192.0.2.4",
      ]
      guard let dnsmasq = try TestProgram.installed("dnsmasq", arguments) else { return nil }
      // Another program may have taken the port meanwhile: then dnsmasq ends, and we try another port.
      for _ in 0..<500 where dnsmasq.isRunning {
        let resolver = Resolver.stub(ResolverConfiguration(servers: [address]))
        if (try? await resolve("four.example", port: 1, family: .ipv4, using: resolver)) != nil {
          return (dnsmasq, address)
        }
        try await sleep(.milliseconds(10))
      }
      dnsmasq.stop()
    }
    Issue.record("dnsmasq doesn't start")
    return nil
  }

  @Test(arguments: JobOrderTests.ordered)
  func `our resolver asks dnsmasq`(backend: BackendKind) async throws {
    let folder = try TemporaryFolder()
    let hosts = folder.path("server")
    let file = try #require(fopen(hosts, "w"))
    for last in 1...200 { fputs("10.0.0.\(last) long.example\n", file) }
    fclose(file)
    try await withEventLoop(backend: backend) {
      guard let (dnsmasq, address) = try await Self.startDnsmasq(hosts: hosts) else { return }
      let resolver = Resolver.stub(ResolverConfiguration(servers: [address]))
      for host in ["www.example", "alias.example", "WWW.Example."] {
        let addresses = try await resolve(host, port: 1, using: resolver)
        #expect(addresses.map(\.host).sorted() == ["192.0.2.7", "2001:db8::7"])
      }
      // Over TCP, after a truncated answer.
      #expect(try await resolve("long.example", port: 1, using: resolver).count == 200)
      let only4 = try await resolve("four.example", port: 1, using: resolver)
      #expect(only4.map(\.host) == ["192.0.2.4"])
      let noIPv6 = await #expect(throws: NameError.self) {
        try await resolve("four.example", port: 1, family: .ipv6, using: resolver)
      }
      #expect(noIPv6?.reason == .noAddress(.ipv6))
      let missing = await #expect(throws: NameError.self) {
        try await resolve("nosuch.example", port: 1, using: resolver)
      }
      #expect(missing?.reason == .notFound)
      let refused = await #expect(throws: NameError.self) {
        try await resolve("www.elsewhere", port: 1, using: resolver)
      }
      #expect(refused?.description == "resolve www.elsewhere: \(address) answered REFUSED")
      #expect(try await hostName(of: SocketAddress("192.0.2.7", port: 0)!, using: resolver) == "www.example")
      #expect(try await hostName(of: SocketAddress("2001:db8::7", port: 0)!, using: resolver) == "www.example")
      dnsmasq.stop()
    }
  }
}
