// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

extension DatagramSocket {
  /// Waits for a datagram and returns it.
  ///
  /// - Throws: `DatagramError.closed` if the socket is closed. On a connected socket `SystemError` if the network has
  ///   reported an error about a sent datagram; the socket goes on. `CancellationError` if the task is cancelled while
  ///   it waits.
  public nonisolated(nonsending) func receive() async throws -> Datagram {
    if isCurrent(for: #isolation) {
      try await transport.loop.spendBudget()
      return try await transport.receive()
    }
    return try await onLoop { try await $0.receive() }
  }

  /// Waits for a datagram and replaces an array's contents with its bytes. The array's memory is reused, so receiving
  /// in a loop allocates nothing.
  ///
  /// ```swift
  /// let socket = try await DatagramSocket.bind(host: "127.0.0.1", port: 9999)
  /// var buffer: [UInt8] = []
  /// while true {
  ///   let envelope = try await socket.receive(into: &buffer)
  ///   try await socket.send(buffer, to: envelope.peer)
  /// }
  /// ```
  ///
  /// - Parameter count: The most bytes to take. The rest of a longer datagram is lost, and the envelope says so.
  /// - Returns: The datagram's envelope, with its sender.
  /// - Throws: As `receive()` does; the array is then unchanged.
  @discardableResult
  public nonisolated(nonsending) func receive(
    into buffer: inout [UInt8], upTo count: Int = .max
  ) async throws -> Datagram.Envelope {
    require(count >= 0, "DatagramSocket.receive(into:upTo:): count must be 0 or more")
    if isCurrent(for: #isolation) {
      try await transport.loop.spendBudget()
      try await transport.waitForDatagram()
      let envelope = transport.takeFirst(into: &buffer, upTo: count)
      return envelope
    }
    let datagram = try await onLoop { transport in
      try await transport.waitForDatagram()
      var bytes: [UInt8] = []
      let envelope = transport.takeFirst(into: &bytes, upTo: count)
      return Datagram(bytes, envelope)
    }
    buffer = datagram.bytes
    return datagram.envelope
  }

  /// Waits for a datagram and replaces a batch's contents with all that have arrived.
  ///
  /// See `DatagramBatch` for an example.
  ///
  /// - Parameter count: The most datagrams to take.
  /// - Returns: The number of datagrams, at least 1.
  /// - Throws: As `receive()` does; the batch is then unchanged.
  @discardableResult
  public nonisolated(nonsending) func receive(
    into batch: inout DatagramBatch, upTo count: Int = .max
  ) async throws -> Int {
    require(count > 0, "DatagramSocket.receive(into:upTo:): count must be 1 or more")
    if isCurrent(for: #isolation) {
      try await transport.loop.spendBudget()
      try await transport.waitForDatagram()
      transport.take(into: &batch.store, upTo: count)
    } else {
      batch.store = try await onLoop { transport in
        try await transport.waitForDatagram()
        var row = DatagramStore()
        transport.take(into: &row, upTo: count)
        return row
      }
    }
    return batch.count
  }
}

extension DatagramSocket: AsyncSequence {
  /// A datagram.
  public typealias Element = Datagram

  public func makeAsyncIterator() -> Iterator { Iterator(socket: self) }

  /// The datagrams of a socket as they arrive, until `close`. On a connected socket, errors that the network reports
  /// are thrown; another loop over the socket then goes on. Throws `CancellationError` when the task is cancelled while
  /// it waits.
  public struct Iterator: AsyncIteratorProtocol {
    let socket: DatagramSocket

    public mutating func next() async throws -> Datagram? { try await received() }

    public mutating func next(isolation actor: isolated (any Actor)?) async throws -> Datagram? {
      try await received()
    }

    private nonisolated(nonsending) func received() async throws -> Datagram? {
      do { return try await socket.receive() } catch DatagramError.closed { return nil }
    }
  }
}

extension DatagramTransport {
  /// Throws `DeadlinePassed` at a time of the loop's clock.
  package nonisolated(nonsending) func receive(until deadline: Int64 = .max) async throws -> Datagram {
    try await waitForDatagram(until: deadline)
    let entry = queue[0]
    let datagram = Datagram(Array(queue.bytes(of: entry)), Datagram.Envelope(entry))
    queue.removeFirst()
    resumeReceiving()
    return datagram
  }

  func takeFirst(into buffer: inout [UInt8], upTo count: Int) -> Datagram.Envelope {
    var entry = queue[0]
    if entry.length > count {
      entry.length = count
      entry.isTruncated = true
    }
    buffer.removeAll(keepingCapacity: true)
    buffer.append(contentsOf: queue.bytes(of: entry))
    queue.removeFirst()
    resumeReceiving()
    return Datagram.Envelope(entry)
  }

  func take(into row: inout DatagramStore, upTo count: Int) {
    row.removeAll()
    if queue.count <= count {
      swap(&row, &queue)
    } else {
      for index in 0..<count {
        let entry = queue[index]
        row.append(queue.bytes(of: entry), like: entry)
      }
      queue.removeFirst(count)
    }
    resumeReceiving()
  }
}
