// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import WebSocketCodec

@Suite struct HandshakeTests {
  @Test func `answers keys as the RFC does`() {
    #expect(WebSocketKey.accept(for: "dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    #expect(WebSocketKey.make(from: (1...16).map { UInt8($0) }) == "AQIDBAUGBwgJCgsMDQ4PEA==")
    #expect(WebSocketKey.isValid("AQIDBAUGBwgJCgsMDQ4PEA=="))
    for wrong in [
      "", "AQIDBAUGBwgJCgsMDQ4PEA", "AQIDBAUGBwgJCgsMDQ4PEB==", "AQIDBAUGBwgJCgsMDQ4P", "!QIDBAUGBwgJCgsMDQ4PEA==",
    ] {
      #expect(!WebSocketKey.isValid(wrong), "\(wrong)")
    }
  }

  /// FIPS 180-4's examples.
  @Test func `hashes as FIPS 180`() {
    func hex(_ text: String) -> String {
      SHA1.hash(Array(text.utf8)).map {
        let digits = String($0, radix: 16); return digits.count < 2 ? "0" + digits : digits
      }.joined()
    }
    #expect(hex("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d")
    #expect(hex("") == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
    #expect(
      hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") == "84983e441c3bd26ebaae4aa1f95129e5e54670f1")
  }

  @Test func `reads extensions`() {
    #expect(
      WebSocketExtension.list(fields: [
        "permessage-deflate; client_max_window_bits; server_max_window_bits=\"10\", , foo"
      ])
        == [
          WebSocketExtension(
            "permessage-deflate", [.init("client_max_window_bits"), .init("server_max_window_bits", "10")]),
          WebSocketExtension("foo"),
        ])
    #expect(WebSocketExtension.list(fields: []) == [])
    for wrong in ["a;", "a; b=", "a b", "a; b=\"\"", "a; b=\"c d\"", "=a", "a; b=\"c", "a;;b"] {
      #expect(WebSocketExtension.list(fields: [wrong]) == nil, "\(wrong)")
    }
    #expect(WebSocketExtension("a", [.init("b"), .init("c", "1")]).description == "a; b; c=1")
  }

  @Test(
    arguments: [
      ("permessage-deflate", "permessage-deflate; server_max_window_bits=12"),
      (
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12"
      ),
      (
        "permessage-deflate; client_max_window_bits=10; server_no_context_takeover",
        "permessage-deflate; server_no_context_takeover; server_max_window_bits=12; client_max_window_bits=10"
      ),
      ("permessage-deflate; server_max_window_bits=9", "permessage-deflate; server_max_window_bits=9"),
      // The first offer can't be accepted, the second can.
      (
        "permessage-deflate; server_max_window_bits=8, permessage-deflate",
        "permessage-deflate; server_max_window_bits=12"
      ),
      ("permessage-deflate; unknown, permessage-deflate; server_max_window_bits=16", nil),
      ("permessage-deflate; client_max_window_bits=07", nil), ("permessage-deflate; server_max_window_bits", nil),
      ("permessage-deflate; server_no_context_takeover=1", nil),
      ("permessage-deflate; server_max_window_bits=10; server_max_window_bits=10", nil),
      ("x-webkit-deflate-frame", nil),
    ] as [(String, String?)])
  func `a server answers offers`(offer: String, answer: String?) throws {
    let offers = try #require(WebSocketExtension.list(fields: [offer]))
    #expect(DeflateParameters.accept(offers)?.1.description == answer)
  }

  @Test func `a client checks the answer`() throws {
    func agreed(_ answer: String, bits: Int = 12, forgets: Bool = false) -> DeflateParameters? {
      DeflateParameters.agreed(WebSocketExtension.list(fields: [answer])![0], toOffer: bits, forgets: forgets)
    }
    #expect(agreed("permessage-deflate; server_max_window_bits=12; client_max_window_bits=11")?.clientWindowBits == 11)
    #expect(agreed("permessage-deflate") == nil, "the server would use a larger window than was allowed")
    #expect(agreed("permessage-deflate", bits: 15) == DeflateParameters())
    #expect(agreed("permessage-deflate; server_max_window_bits=13") == nil)
    #expect(agreed("permessage-deflate; server_max_window_bits=12; client_max_window_bits") == nil)
    #expect(agreed("permessage-deflate; server_max_window_bits=12; client_max_window_bits=8") == nil)
    #expect(agreed("permessage-deflate; server_max_window_bits=12", forgets: true) == nil)
    #expect(agreed("permessage-deflate; server_max_window_bits=12; what=1") == nil)
    #expect(
      DeflateParameters.offer().description
        == "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12")
    #expect(DeflateParameters.offer(windowBits: 15).description == "permessage-deflate; client_max_window_bits")
  }
}
