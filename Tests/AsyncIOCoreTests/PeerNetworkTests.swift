// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Testing

@Suite("Who a connection comes from") struct PeerNetworkTests {
  private func network(_ host: String) throws -> PeerNetwork {
    let address = try #require(SocketAddress(host, port: .random(in: 1...65_535)))
    return try #require(PeerNetwork(address))
  }

  @Test func `an IPv4 address is one peer, whatever its port`() throws {
    #expect(try network("192.0.2.1") == network("192.0.2.1"))
    #expect(try network("192.0.2.1") != network("192.0.2.2"))
    #expect(try network("192.0.2.1") != network("193.0.2.1"))
  }

  @Test func `it is the same by way of an IPv6 socket`() throws {
    #expect(try network("::ffff:192.0.2.1") == network("192.0.2.1"))
    #expect(try network("::ffff:192.0.2.1") != network("::ffff:192.0.2.2"))
    #expect(try network("::ffff:0.0.0.0") != network("::1"))
  }

  @Test func `an IPv6 network of 64 bits is one peer`() throws {
    #expect(try network("2001:db8:1:2::1") == network("2001:db8:1:2:aaaa::9"))
    #expect(try network("2001:db8:1:2::1") != network("2001:db8:1:3::1"))
  }

  @Test func `hosts of one link are several`() throws {
    #expect(try network("fe80::1") != network("fe80::2"))
    #expect(try network("fe80::1") == network("fe80::1"))
  }

  @Test func `a Unix socket's peers are nobody`() throws {
    #expect(PeerNetwork(try #require(SocketAddress(abstractName: "app"))) == nil)
  }
}
