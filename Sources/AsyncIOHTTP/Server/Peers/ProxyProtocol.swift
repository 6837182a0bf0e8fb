// SPDX-License-Identifier: Apache-2.0
// The PROXY protocol, versions 1 and 2: https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt. A proxy that
// forwards bytes, not requests, says with the first ones who the client is. It stands before TLS. Only trusted peers
// may say it, and they must: a client that could reach the port directly could otherwise claim any address, or leave
// the header out.

import AsyncIO
import AsyncIOCore
import Glibc

/// Reads the header of the PROXY protocol, then secures the connection.
struct ProxiedSecurity: ConnectionSecurity {
  let core: HTTPServerCore
  let inner: (any ConnectionSecurity)?
  let trusted: TrustedPeers
  let timeLimit: Duration

  func prepareServer() throws { try inner?.prepareServer() }

  nonisolated(nonsending) func secure(_ stream: ByteStream) async throws {
    let transport = stream.writer.handle.transport
    let peer = transport.peer
    var client: SocketAddress?
    if trusted.contains(peer) {
      client = try await withTimeout(timeLimit) { _ in try await ProxyHeader.read(from: stream) }
    }
    try await inner?.secure(stream)
    // Last: the connection is served from here on, which takes the note back.
    if let client { core.part(on: transport.loop).note(client, of: transport) }
  }
}

/// A header of the PROXY protocol could not be read.
struct ProxyHeaderError: Error, CustomStringConvertible {
  let description: String
}

enum ProxyHeader {
  private static let signature: [UInt8] = [
    0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
  ]
  /// Version 1's longest line.
  private static let longestLine = 107
  /// More than this of addresses and TLVs nobody sends.
  private static let most = 4096

  /// Reads a header. Returns the client; nil if the proxy speaks for itself (LOCAL), or doesn't say.
  nonisolated(nonsending) static func read(from stream: ByteStream) async throws -> SocketAddress? {
    let start = try await stream.readExactly(1)
    if start[0] == signature[0] { return try await readBinary(from: stream) }
    guard start[0] == UInt8(ascii: "P") else { throw ProxyHeaderError(description: "PROXY protocol: no header") }
    var line = start
    // Byte by byte: what follows belongs to the next layer. The bytes are there already.
    while !line.suffix(2).elementsEqual([0x0D, 0x0A]) {
      guard line.count < longestLine else {
        throw ProxyHeaderError(description: "PROXY protocol: the line is too long")
      }
      line += try await stream.readExactly(1)
    }
    return try parse(line: String(decoding: line.dropLast(2), as: UTF8.self))
  }

  /// `PROXY TCP4 192.0.2.1 198.51.100.1 50000 443`, or `PROXY UNKNOWN …`.
  static func parse(line: String) throws -> SocketAddress? {
    let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    guard words.count >= 2, words[0] == "PROXY" else { throw malformed(line) }
    if words[1] == "UNKNOWN" { return nil }
    guard words.count == 6, words[1] == "TCP4" || words[1] == "TCP6", let port = UInt16(words[4]),
      UInt16(words[5]) != nil,
      let address = SocketAddress(words[2], port: port), SocketAddress(words[3], port: 0) != nil
    else { throw malformed(line) }
    guard address.family == (words[1] == "TCP4" ? .ipv4 : .ipv6) else { throw malformed(line) }
    return address
  }

  private static func malformed(_ line: String) -> ProxyHeaderError {
    ProxyHeaderError(description: "PROXY protocol: malformed line (\(line.debugDescription))")
  }

  private nonisolated(nonsending) static func readBinary(from stream: ByteStream) async throws -> SocketAddress? {
    let head = [signature[0]] + (try await stream.readExactly(15))
    guard head.starts(with: signature), head[12] >> 4 == 2 else {
      throw ProxyHeaderError(description: "PROXY protocol: no header")
    }
    let length = Int(head[14]) << 8 | Int(head[15])
    guard length <= most else { throw ProxyHeaderError(description: "PROXY protocol: the header is too long") }
    let rest = length > 0 ? try await stream.readExactly(length) : []
    return try parse(command: head[12] & 0x0F, family: head[13], rest)
  }

  static func parse(command: UInt8, family: UInt8, _ rest: [UInt8]) throws -> SocketAddress? {
    if command == 0 { return nil }
    guard command == 1 else { throw ProxyHeaderError(description: "PROXY protocol: unknown command \(command)") }
    let size: Int
    switch family {
    case 0x11: size = 4
    case 0x21: size = 16
    // Unix sockets, datagrams, unspecified: the client has no address that we could tell.
    default: return nil
    }
    guard rest.count >= 2 * size + 4 else {
      throw ProxyHeaderError(description: "PROXY protocol: addresses are cut off")
    }
    let port = UInt16(rest[2 * size]) << 8 | UInt16(rest[2 * size + 1])
    var text = [CChar](repeating: 0, count: 46)
    let host = rest.withUnsafeBytes { bytes -> String? in
      guard inet_ntop(size == 4 ? AF_INET : AF_INET6, bytes.baseAddress, &text, 46) != nil else { return nil }
      return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    return host.flatMap { SocketAddress($0, port: port) }
  }
}
