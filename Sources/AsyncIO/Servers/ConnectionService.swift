// SPDX-License-Identifier: Apache-2.0

/// What a server does with a connection in two halves.
public typealias ConnectionHandler = @Sendable @isolated(any) (StreamReader, StreamWriter) async throws -> Void

/// What a server does with a connection.
public typealias StreamHandler = @Sendable @isolated(any) (ByteStream) async throws -> Void

/// What a server does with each connection: a step of a service above this one (a TLS handshake), then the user's
/// handler, both in the connection's task.
package struct ConnectionService: Sendable {
  package typealias Preparation = @Sendable (ByteStream) async throws -> Void

  package enum Handler: Sendable {
    case halves(ConnectionHandler)
    case stream(StreamHandler)
  }

  let handler: Handler
  /// If it throws, the connection is reset and the handler doesn't run.
  let prepare: Preparation?

  package init(_ handler: Handler, preparing prepare: Preparation? = nil) {
    self.handler = handler
    self.prepare = prepare
  }

  /// The actor that the handler belongs to.
  var isolation: (any Actor)? {
    switch handler {
    case .halves(let handler): handler.isolation
    case .stream(let handler): handler.isolation
    }
  }
}
