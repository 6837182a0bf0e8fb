// SPDX-License-Identifier: Apache-2.0

public import AsyncIO
import AsyncIOCore
public import HTTP1Codec

extension HTTPServerResponse {
  /// Switches to another protocol, as the client has asked with Upgrade (RFC 9110 section 7.8), and hands out the
  /// connection as a stream. What the client has sent behind its request is in that stream.
  ///
  /// ```swift
  /// func echo(_ request: HTTPServerRequest, _ response: HTTPServerResponse) async throws {
  ///   try await response.switchProtocols(to: "echo") { stream in
  ///     for try await line in stream.lines { try await stream.write("\(line)\n") }
  ///   }
  /// }
  /// ```
  ///
  /// The connection is closed when the closure returns, and reset if it throws. A server that shuts down gives an idle
  /// stream its end, and waits for the closure; see `waitForShutdown`.
  ///
  /// - Parameters:
  ///   - name: The protocol, one of those that the request names.
  ///   - fields: Further fields. Upgrade and Connection are the server's.
  /// - Throws: What the closure throws. `HTTPServerError` with the reason `upgradeNotRequested` if the request doesn't
  ///   name the protocol, is of HTTP/1.0, or has a body that is too long to be dropped.
  public nonisolated(nonsending) func switchProtocols(
    to name: String, fields: HTTPFields = HTTPFields(),
    _ body: nonisolated(nonsending) (ByteStream) async throws -> Void
  ) async throws {
    let (connection, number) = (connection, number)
    if connection.handle.isCurrent(for: #isolation) {
      try await connection.switchProtocols(number, to: name, fields)
    } else {
      try await connection.onLoop { try await connection.switchProtocols(number, to: name, fields) }
    }
    try await closing(ByteStream(connection.handle), after: body)
  }

  /// Answers CONNECT with success, and hands out the connection as a stream, for a tunnel (RFC 9110 section 9.3.6).
  /// What the client has sent behind its request is in that stream.
  ///
  /// The connection is closed when the closure returns, and reset if it throws.
  ///
  /// - Throws: What the closure throws. `HTTPServerError` with the reason `upgradeNotRequested` after another method.
  public nonisolated(nonsending) func connect(
    fields: HTTPFields = HTTPFields(), _ body: nonisolated(nonsending) (ByteStream) async throws -> Void
  ) async throws {
    let (connection, number) = (connection, number)
    if connection.handle.isCurrent(for: #isolation) {
      try connection.acceptTunnel(number, fields)
    } else {
      try await connection.onLoop { try connection.acceptTunnel(number, fields) }
    }
    try await closing(ByteStream(connection.handle), after: body)
  }
}

extension HTTP1ServerConnection {
  fileprivate nonisolated(nonsending) func switchProtocols(
    _ number: Int, to name: String, _ fields: HTTPFields
  ) async throws {
    try expectUnanswered(number)
    guard let head, head.version == .http1_1, head.fields.contains(element: "upgrade", in: "connection"),
      head.fields.contains(element: name, in: "upgrade")
    else { throw HTTPServerError(.upgradeNotRequested, requestName) }
    // The request's own body stands before the other protocol.
    if !parser.hasEnded {
      var rest: [UInt8] = []
      while try await readBody(number, into: &rest) {
        guard bodyCount <= server.limits.unreadBodySize else {
          keepsAlive = false
          throw HTTPServerError(.upgradeNotRequested, requestName)
        }
        rest.removeAll(keepingCapacity: true)
      }
      try expectUnanswered(number)
    }
    var fields = fields
    try fields.set("connection", to: "upgrade")
    try fields.set("upgrade", to: name)
    _ = try appendHead(101, fields, nil, isText: false, framing: .none)
    handOut()
  }

  fileprivate func acceptTunnel(_ number: Int, _ fields: HTTPFields) throws {
    try expectUnanswered(number)
    guard head?.method == .connect else { throw HTTPServerError(.upgradeNotRequested, requestName) }
    _ = try appendHead(200, fields, nil, isText: false, framing: .none)
    handOut()
  }

  private func handOut() {
    answer = .switched
    keepsAlive = false
    flush()
  }
}
