// SPDX-License-Identifier: Apache-2.0

/// What a server does with a connection in two halves.
public typealias ConnectionHandler = @Sendable @isolated(any) (StreamReader, StreamWriter) async throws -> Void

/// What a server does with a connection.
public typealias StreamHandler = @Sendable @isolated(any) (ByteStream) async throws -> Void

/// What a server does with each connection: it secures it (a TLS handshake), then calls the user's handler, both in the
/// connection's task.
package struct ConnectionService: Sendable {
  package enum Handler: Sendable {
    case halves(ConnectionHandler)
    case stream(StreamHandler)
    /// A service above this one, which calls a handler of its user's: the actor of that, and what serves a connection.
    case service(isolation: (any Actor)?, @Sendable (StreamHandle) async -> Void)
  }

  let handler: Handler
  let security: (any ConnectionSecurity)?

  init(_ handler: Handler, _ security: (any ConnectionSecurity)? = nil) {
    self.handler = handler
    self.security = security
  }

  /// The actor that the handler belongs to.
  var isolation: (any Actor)? {
    switch handler {
    case .halves(let handler): handler.isolation
    case .stream(let handler): handler.isolation
    case .service(let isolation, _): isolation
    }
  }
}
