// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

extension DatagramSocket {
  /// Sends a datagram to an address; asyncio's `sendto`, with errors thrown to the sender.
  ///
  /// The datagram leaves at once; while the socket's buffer is full, the task waits.
  ///
  /// - Throws: `SystemError` if it can't be sent: `messageTooLong` for more than 65,507 bytes (IPv4), `EACCES` for a
  ///   broadcast without `DatagramOptions.allowsBroadcast`. `DatagramError.closed` after `close`. `CancellationError`
  ///   if the task is cancelled while it waits: the datagram was then not sent.
  public nonisolated(nonsending) func send(_ bytes: [UInt8], to address: SocketAddress) async throws {
    try await send(bytes, target: address)
  }

  /// Sends a datagram to the peer of a connected socket.
  ///
  /// - Throws: As `send(_:to:)` does. Also `SystemError` if the network has reported an error about an earlier datagram
  ///   (`connectionRefused`: the peer's port is closed): this one was then not sent.
  public nonisolated(nonsending) func send(_ bytes: [UInt8]) async throws { try await send(bytes, target: nil) }

  /// Sends a text in UTF-8 as a datagram; without an address, to the peer of a connected socket.
  ///
  /// - Throws: As `send(_:to:)` does.
  public nonisolated(nonsending) func send(_ text: String, to address: SocketAddress? = nil) async throws {
    try await send(Array(text.utf8), target: address)
  }

  /// Sends a part of an array as a datagram, for example the bytes of a batch's element.
  ///
  /// - Throws: As `send(_:to:)` does.
  public nonisolated(nonsending) func send(_ bytes: ArraySlice<UInt8>, to address: SocketAddress? = nil) async throws {
    if isCurrent(for: #isolation) {
      try await transport.loop.spendBudget()
      while try unsafe !bytes.withUnsafeBytes({ try unsafe transport.trySend($0, to: address) }) {
        try await transport.waitForRoom()
      }
    } else {
      try await send(Array(bytes), target: address)
    }
  }

  private nonisolated(nonsending) func send(_ bytes: [UInt8], target: SocketAddress?) async throws {
    if isCurrent(for: #isolation) {
      try await transport.loop.spendBudget()
      while try unsafe !bytes.withUnsafeBytes({ try unsafe transport.trySend($0, to: target) }) {
        try await transport.waitForRoom()
      }
    } else {
      try await onLoop { transport in
        while try unsafe !bytes.withUnsafeBytes({ try unsafe transport.trySend($0, to: target) }) {
          try await transport.waitForRoom()
        }
      }
    }
  }

  /// Sends a batch with as few system calls as possible, and empties it.
  ///
  /// ```swift
  /// let socket = try await DatagramSocket.connect(to: SocketAddress("127.0.0.1", port: 9999)!)
  /// var batch = DatagramBatch()
  /// for number in 0..<1000 { batch.append("reading \(number)".utf8) }
  /// try await socket.send(&batch)
  /// ```
  ///
  /// - Throws: As `send(_:to:)` does. The batch then begins with the datagram that failed: those before it were sent.
  public nonisolated(nonsending) func send(_ batch: inout DatagramBatch) async throws {
    if isCurrent(for: #isolation) {
      try await transport.loop.spendBudget()
      while try !transport.trySend(&batch.store) { try await transport.waitForRoom() }
    } else {
      let row = batch.store
      let (rest, failure) = try await onLoop { transport in
        var row = row
        do {
          while try !transport.trySend(&row) { try await transport.waitForRoom() }
          return (row, Optional<any Error>.none)
        } catch {
          return (row, error)
        }
      }
      batch.store = rest
      if let failure { throw failure }
    }
  }
}
