// SPDX-License-Identifier: Apache-2.0
// Protocols on descriptors that the program brings.

public import AsyncIOCore
import Glibc

extension EventLoop {
  /// Takes over a connected socket that other code has made or accepted; asyncio's `connect_accepted_socket`.
  ///
  /// ```swift
  /// let accepted = try await RawSocket(descriptor).accept().socket
  /// let (transport, client) = try await EventLoop.current.connectAcceptedSocket(accepted.descriptor) {
  ///   EchoClient(message: "hello")
  /// }
  /// ```
  ///
  /// Otherwise like `ByteStream.adopting` and `createConnection(host:port:)`: it throws as they do.
  public func connectAcceptedSocket<Known: BaseProtocol>(
    _ descriptor: Int32,
    isolation: isolated any Actor = #isolation, @_inheritActorContext _ factory: @escaping ProtocolFactory<Known>
  ) async throws -> (transport: Transport, protocol: Known) {
    let make = LoopFactory.expect(factory, on: self, for: "connectAcceptedSocket")
    let handle = try await ByteStream.adopting(descriptor).writer.handle
    let known = make()
    return (try await begin(handle, known), known)
  }

  /// Takes over the reading end of a pipe, or a terminal, for a protocol; asyncio's `connect_read_pipe`.
  ///
  /// ```swift
  /// let (transport, lines) = try await EventLoop.current.connectReadPipe(descriptor) { EchoClient(message: "") }
  /// ```
  ///
  /// Otherwise like `StreamReader.adopting` and `createConnection(host:port:)`: it throws as they do. After
  /// `eofReceived` the pipe is closed.
  public func connectReadPipe<Known: BaseProtocol>(
    _ descriptor: Int32,
    isolation: isolated any Actor = #isolation, @_inheritActorContext _ factory: @escaping ProtocolFactory<Known>
  ) async throws -> (transport: Transport, protocol: Known) {
    let make = LoopFactory.expect(factory, on: self, for: "connectReadPipe")
    let handle = try await StreamReader.adopting(descriptor).handle
    let known = make()
    return (try await begin(handle, known), known)
  }

  /// Takes over the writing end of a pipe, or a terminal, for a protocol; asyncio's `connect_write_pipe`.
  ///
  /// ```swift
  /// let (transport, _) = try await EventLoop.current.connectWritePipe(descriptor) { EchoClient(message: "") }
  /// transport.write("hello\n")
  /// ```
  ///
  /// Otherwise like `StreamWriter.adopting` and `createConnection(host:port:)`: it throws as they do. When the reading
  /// end is closed the connection is lost, with EPIPE if output was pending.
  public func connectWritePipe<Known: BaseProtocol>(
    _ descriptor: Int32,
    isolation: isolated any Actor = #isolation, @_inheritActorContext _ factory: @escaping ProtocolFactory<Known>
  ) async throws -> (transport: Transport, protocol: Known) {
    let make = LoopFactory.expect(factory, on: self, for: "connectWritePipe")
    let handle = try await StreamWriter.adopting(descriptor).handle
    let known = make()
    return (try await begin(handle, known), known)
  }
}

/// Notices that the reader of a pipe is gone, which the kernel reports only to a poll (POLLERR in poll(2)).
final class ReaderWatch: OperationSink {
  private let onLoss: (_ result: Int32) -> Void
  private var operation: OperationID?

  init(_ descriptor: Int32, on loop: EventLoop, onLoss: @escaping (_ result: Int32) -> Void) {
    self.onLoss = onLoss
    operation = loop.poll(descriptor, events: UInt32(POLLERR), sink: self)
  }

  func end(on loop: EventLoop) {
    if let operation = operation.take() { loop.cancel(operation) }
  }

  func complete(_ operation: OperationID, _ completion: Completion) {
    guard operation == self.operation else { return }
    if completion.isLast { self.operation = nil }
    onLoss(completion.result)
  }
}

extension Transport {
  /// For a pipe that is only written to.
  func watchReader() {
    let loop = stream.loop
    guard !stream.isSocket, !stream.state.input.hasOperation else { return }
    guard (try? loop.sockets.kind(of: stream.number)) == .pipe else { return }
    readerWatch = ReaderWatch(stream.number, on: loop) { [unowned self] result in
      readerWatch?.end(on: loop)
      if result < 0 {
        fail(SystemError("poll", stream.waitDescription, result: result))
      } else if writeBufferSize > 0 {
        fail(SystemError("write", stream.waitDescription, code: .brokenPipe))
      } else {
        close()
      }
    }
  }
}
