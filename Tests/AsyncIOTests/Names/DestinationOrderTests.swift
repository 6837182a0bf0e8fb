// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Testing

@testable import AsyncIO

private func address(_ host: String) -> SocketAddress { SocketAddress(host, port: 0)! }

/// The examples of RFC 6724, §10.2, as far as they depend on our rules, and machines that lack one family.
@Suite struct DestinationOrderTests {
  private func sorted(_ pairs: (destination: String, source: String?)...) -> [String] {
    let sources = Dictionary(uniqueKeysWithValues: pairs.map { (address($0.destination), $0.source.map(address)) })
    return DestinationOrder.sorted(pairs.map { address($0.destination) }) { sources[$0] ?? nil }.map(\.host)
  }

  @Test func `an address with no way to it comes last`() {
    #expect(
      sorted(("2001:db8:1::1", nil), ("198.51.100.121", "198.51.100.117")) == ["198.51.100.121", "2001:db8:1::1"])
  }

  @Test func `matching scopes come first`() {
    #expect(
      sorted(("2001:db8:1::1", "2001:db8:1::2"), ("198.51.100.121", "169.254.13.78"))
        == ["2001:db8:1::1", "198.51.100.121"])
    #expect(
      sorted(("2001:db8:1::1", "fe80::1"), ("198.51.100.121", "198.51.100.117")) == ["198.51.100.121", "2001:db8:1::1"])
  }

  @Test func `matching labels come first`() {
    #expect(
      sorted(("2002:c633:6401::1", "2001:db8:1::2"), ("2001:db8:1::1", "2001:db8:1::2"))
        == ["2001:db8:1::1", "2002:c633:6401::1"])
  }

  @Test func `IPv6 comes before IPv4`() {
    #expect(
      sorted(("198.51.100.121", "198.51.100.117"), ("2001:db8:1::1", "2001:db8:1::2"))
        == ["2001:db8:1::1", "198.51.100.121"])
  }

  @Test func `a smaller scope comes first`() {
    #expect(
      sorted(("2001:db8:1::1", "2001:db8:1::2"), ("fe80::1", "fe80::2")) == ["fe80::1", "2001:db8:1::1"])
  }

  @Test func `among IPv6 addresses the nearer network comes first`() {
    #expect(
      sorted(("2001:db8:3ffe::1", "2001:db8:1::2"), ("2001:db8:1::1", "2001:db8:1::2"))
        == ["2001:db8:1::1", "2001:db8:3ffe::1"])
  }

  @Test func `the order of IPv4 addresses is the server's`() {
    #expect(
      sorted(("203.0.113.9", "198.51.100.1"), ("198.51.100.2", "198.51.100.1"), ("192.0.2.3", "198.51.100.1"))
        == ["203.0.113.9", "198.51.100.2", "192.0.2.3"])
  }

  @Test func `unique local addresses are for a host that has one`() {
    #expect(
      sorted(("fd00::1", "2001:db8:1::2"), ("198.51.100.121", "198.51.100.117")) == ["198.51.100.121", "fd00::1"])
    #expect(sorted(("2001:db8:1::1", "fd00::2"), ("fd00::1", "fd00::2")) == ["fd00::1", "2001:db8:1::1"])
  }

  @Test func `addresses go to their bits and back`() {
    #expect(SocketAddress(ipv4: 0xc000_0201, port: 7)?.description == "192.0.2.1:7")
    #expect(SocketAddress(ipv6: 0x2001_0db8_0000_0000, 0x0102, port: 7)?.description == "[2001:db8::102]:7")
    #expect(address("2001:db8::102").ipv6Bits == (0x2001_0db8_0000_0000, 0x0102))
    #expect(address("192.0.2.1").ipv6Bits == (0, 0xffff_c000_0201))
    #expect(address("127.9.9.9").isLoopback && address("::1").isLoopback)
    #expect(!address("128.0.0.1").isLoopback && !address("::2").isLoopback)
  }
}
