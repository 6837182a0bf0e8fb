// SPDX-License-Identifier: Apache-2.0

import AsyncIO
public import AsyncIOCore
public import HTTP1Codec

/// A request that a server has received: its head, and its body as that arrives.
///
/// ```swift
/// try await serveHTTP(port: 8080) { request, response in
///   guard request.method == .post else { return try await response.send("POST only\n", status: 405) }
///   let note = try await request.body.text(upTo: 10_000)
///   try await response.send("\(request.path): \(note.count) characters\n")
/// }
/// ```
///
/// The head can be used from anywhere, and kept. The body and what belongs to the connection can be used until the
/// handler returns.
public struct HTTPServerRequest: Sendable {
  private let head: HTTP1RequestHead
  let connection: HTTP1ServerConnection
  let number: Int

  @inline(__always)
  init(_ head: HTTP1RequestHead, _ connection: HTTP1ServerConnection, _ number: Int) {
    self.head = head
    self.connection = connection
    self.number = number
  }

  // MARK: - The head

  /// The method.
  public var method: HTTPMethod { head.method }

  /// The request target as it was sent, not decoded: `/path?query`, `http://host/path`, `host:port` with CONNECT, or
  /// `*`.
  public var target: String { head.target }

  /// The path as it was sent, not decoded. `*` for `OPTIONS *`; empty for CONNECT.
  ///
  /// Of a target such as `http://host`, sent to a proxy, it is `/`.
  public var path: String { TargetParts(head).path }

  /// The query as it was sent, without its `?`; nil without one.
  public var query: String? { TargetParts(head).query }

  /// The host and port that the client asks for: of the target if it names them, otherwise of the Host field. Empty if
  /// the client says none, as it may with HTTP/1.0.
  public var authority: String { TargetParts(head).authority ?? head.fields["host"] ?? "" }

  /// `http` or `https`: how the client reached this server, or the trusted proxy before it. On the connection's loop.
  public var scheme: String { forwarded?.scheme ?? (connection.server.isSecure ? "https" : "http") }

  /// What trusted proxies say.
  private var forwarded: ForwardedFields? {
    connection.isPeerTrusted ? ForwardedFields(fields, trusting: connection.server.options.trustedPeers) : nil
  }

  /// The client's version of HTTP.
  public var version: HTTPVersion { head.version == .http1_0 ? .http1_0 : .http1_1 }

  /// The field lines in the order of their arrival.
  public var fields: HTTPFields { head.fields }

  /// The length of the body if the head says it; nil for one in chunks.
  public var contentLength: Int? {
    switch head.framing {
    case .contentLength(let length): length
    case .none: 0
    case .chunked, .untilClose: nil
    }
  }

  // MARK: - The body

  /// The body. Reading begins with the first use of it: a client that waits for `100 Continue` gets it then.
  public var body: HTTPRequestBody { HTTPRequestBody(self) }

  /// Changes the largest body for this request, before it is first read. On the connection's loop.
  ///
  /// ```swift
  /// func upload(_ request: HTTPServerRequest, _ response: HTTPServerResponse) async throws {
  ///   request.allowBody(upTo: 5_000_000_000)
  ///   var count = 0
  ///   for try await piece in request.body { count += piece.count }
  ///   try await response.send("\(count)\n")
  /// }
  /// ```
  ///
  /// - Parameter limit: In bytes; nil for any length.
  public func allowBody(upTo limit: Int?) {
    guard connection.isInExchange, connection.number == number else { return }
    connection.bodyLimit = limit
  }

  // MARK: - The connection

  /// The other end of the connection: the client, or a proxy before it. On the connection's loop.
  public var peer: SocketAddress? { connection.transport.peer }

  /// The client's numeric address, without a port: whom a trusted proxy names, or the other end of the connection. Nil
  /// for a Unix socket. See `HTTPServerOptions.trustedPeers`. On the connection's loop.
  public var clientHost: String? {
    if let host = forwarded?.client { return host }
    if let client = connection.client { return client.host }
    return peer.flatMap { $0.family == .unix ? nil : $0.host }
  }

  /// The host and port that the client asked a trusted proxy for; otherwise `authority`. On the connection's loop.
  public var clientAuthority: String { forwarded?.host ?? authority }

  /// The caller's place in a distributed trace; nil if it says none, or one that is not well-formed.
  public var traceParent: TraceParent? { fields["traceparent"].flatMap(TraceParent.init) }

  /// An identifier of the request, for logs: that of a trusted proxy (`X-Request-ID`), or 16 hexadecimal digits, made
  /// when it is first asked for. The answer to a handler that fails names it. On the connection's loop.
  public var id: String { connection.requestID }
}

/// A version of HTTP.
public struct HTTPVersion: Hashable, Sendable, CustomStringConvertible {
  /// The number before the dot.
  public let major: Int
  /// The number behind the dot.
  public let minor: Int

  /// HTTP/1.0.
  public static let http1_0 = HTTPVersion(major: 1, minor: 0)
  /// HTTP/1.1.
  public static let http1_1 = HTTPVersion(major: 1, minor: 1)

  /// `HTTP/1.1`.
  public var description: String { "HTTP/\(major).\(minor)" }
}

/// The parts of a request target.
private struct TargetParts {
  let authority: String?
  let path: String
  let query: String?

  init(_ head: HTTP1RequestHead) {
    var rest = Substring(head.target)
    switch head.targetForm {
    case .authority:
      authority = head.target
      path = ""
      query = nil
      return
    case .absolute:
      let start = rest.range(ofSlashes: 2)
      let end = rest[start...].firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
      authority = String(rest[start..<end])
      rest = rest[end...]
    case .origin, .asterisk: authority = nil
    }
    let mark = rest.firstIndex(of: "?")
    let found = String(rest[..<(mark ?? rest.endIndex)])
    path = found.isEmpty ? "/" : found
    query = mark.map { String(rest[rest.index(after: $0)...]) }
  }
}

extension Substring {
  /// The index behind so many slashes.
  fileprivate func range(ofSlashes count: Int) -> Index {
    var seen = 0
    for index in indices where self[index] == "/" {
      seen += 1
      if seen == count { return self.index(after: index) }
    }
    return endIndex
  }
}
