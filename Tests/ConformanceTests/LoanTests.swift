// SPDX-License-Identifier: Apache-2.0
// Memory lent to the user's code, which may start a task that runs within the loan.

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import TestSupport
import Testing

@Suite("Loans", .timeLimit(.minutes(1))) struct LoanTests {
  static let sockets = BackendKind.conforming.flatMap { backend in
    [StreamKind.tcp, .unix, .pair].map { StreamCase(backend, $0) }
  }

  @Test(arguments: sockets)
  func `a task that reads another stream within dataReceived leaves what is lent alone`(_ what: StreamCase) async throws
  {
    try await what.withStreams { near, far in
      let (other, otherFar) = try await ByteStream.pair()
      let (seen, secret) = (Future<[[UInt8]]>(), Log())
      let read = { @Sendable in _ = Task.immediate { secret.append(try await text(of: other)) } }
      try await EventLoop.current.createConnection(over: near) { Comparing(seen, read) }
      // Both become readable in one turn, the other one first, and its reader has not run yet.
      let waiting = Task { try await text(of: other) }
      try await turns { other.waitsToRead }
      try await otherFar.write("SECRET OF ANOTHER CONNECTION")
      try await far.write("my own request")
      let (before, after) = (try await seen.value[0], try await seen.value[1])
      #expect(String(decoding: before, as: UTF8.self) == "my own request")
      #expect(after == before)
      try await otherFar.writeEOF()
      let texts = secret.entries + [try await waiting.value]
      #expect(texts.filter { $0 == "SECRET OF ANOTHER CONNECTION" }.count == 1)
      otherFar.abort()
    }
  }

  @Test(arguments: sockets)
  func `a task that reads another stream within getBuffer leaves what comes alone`(_ what: StreamCase) async throws {
    try await what.withStreams { near, far in
      let (other, otherFar) = try await ByteStream.pair()
      let (seen, secret) = (Future<[UInt8]>(), Log())
      let read = { @Sendable in _ = Task.immediate { secret.append(try await text(of: other)) } }
      try await EventLoop.current.createConnection(over: near) { ReadingInGetBuffer(seen, read) }
      let waiting = Task { try await text(of: other) }
      try await turns { other.waitsToRead }
      try await otherFar.write("SECRET OF ANOTHER CONNECTION")
      try await far.write("my own request")
      #expect(String(decoding: try await seen.value, as: UTF8.self) == "my own request")
      try await otherFar.writeEOF()
      _ = try await waiting.value
      otherFar.abort()
    }
  }

  @Test(arguments: StreamKindTests.all)
  func `a read of the stream within withBytes is refused`(_ what: StreamCase) async throws {
    try await what.withStreams { near, far in
      let log = Log()
      try await far.write("one\ntwo\nthree\n")
      try await near.withBytes(atLeast: 14) { bytes in
        for read in Reads.all { Task.immediate { log.append(await outcome { try await read(near) }) } }
        return bytes.withUnsafeBytes { String(decoding: $0.prefix(4), as: UTF8.self) } == "one\n" ? 4 : 0
      }
      #expect(log.entries.map(reason) == Reads.all.map { _ in "\(StreamError.lent)" })
      #expect(try await near.readLine() == "two")
      #expect(try await near.readLine() == "three")
      // A body that fails has still consumed its loan.
      try await far.write("four\n")
      await #expect(throws: Mistake.self) { try await near.withBytes { _ in throw Mistake() } }
      #expect(try await near.readLine() == "four")
    }
  }

  @Test(arguments: StreamKindTests.all)
  func `a read between the two halves of withBytes on another thread is refused`(_ what: StreamCase) async throws {
    try await what.withStreams { near, far in
      try await far.write("one\ntwo\nthree\n")
      let elsewhere = Elsewhere()
      let (loop, log) = (EventLoop.current, Log())
      let lent = try await elsewhere.lend(near) {
        let latch = ThreadLatch()
        loop.postFromAnywhere { _ in
          Task.immediate { log.append(await outcome { _ = try await near.readLine() }) }
          latch.open()
        }
        latch.wait()
      }
      #expect(lent == 14)
      #expect(log.entries.map(reason) == ["\(StreamError.lent)"])
      #expect(try await near.readLine() == "two")
      await #expect(throws: Mistake.self) { try await elsewhere.fail(near) }
      #expect(try await near.readLine() == "three")
    }
  }

  @Test(arguments: sockets)
  func `a stream that a protocol has can't be read, within its calls neither`(_ what: StreamCase) async throws {
    try await what.withStreams { near, far in
      let log = Log()
      try await far.write("kept before it")
      try await near.withBytes(atLeast: 14) { _ in 0 }
      let seen = Future<[[UInt8]]>()
      let read = { @Sendable in
        for read in Reads.all { Task.immediate { log.append(await outcome { try await read(near) }) } }
      }
      try await EventLoop.current.createConnection(over: near) { Comparing(seen, read) }
      let copies = try await seen.value
      #expect(copies.map { String(decoding: $0, as: UTF8.self) } == ["kept before it", "kept before it"])
      #expect(log.entries.map(reason) == Reads.all.map { _ in "\(StreamError.lent)" })
      let late = await outcome { _ = try await near.readLine() }
      #expect(late.hasPrefix("readLine ") && reason(late) == "\(StreamError.handedOver)")
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a datagram socket that a protocol has can't be received from`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let socket = try await DatagramSocket.bind(to: .loopback(port: 0))
      let waiting = Task { await outcome { _ = try await socket.receive() } }
      try await turns { socket.hasReceivers }
      let arrived = Future<String>()
      try await EventLoop.current.createDatagramEndpoint(over: socket) { ReceivingWithin(arrived, socket) }
      #expect(await waiting.value == "\(DatagramError.handedOver)")
      #expect(await outcome { _ = try await socket.receive() } == "\(DatagramError.handedOver)")
      let again = await outcome {
        try await EventLoop.current.createDatagramEndpoint(over: socket) { ReceivingWithin(arrived, socket) }
      }
      #expect(again == "\(DatagramError.handedOver)")
      let peer = try await DatagramSocket.connect(to: socket.localAddress)
      try await peer.send(Array("to the protocol".utf8))
      #expect(try await arrived.value == "to the protocol, \(DatagramError.handedOver)")
      peer.close()
      socket.close()
    }
  }

  @Test func `a body that takes more than it was lent ends the process with a sentence`() async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      try await withEventLoop {
        let (near, far) = try await ByteStream.pair()
        try await far.write("12345")
        try await near.withBytes(atLeast: 5) { $0.byteCount + 1 }
      }
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("withBytes: the body took 6 of 5 bytes"))
  }
}

private nonisolated(nonsending) func text(of stream: ByteStream) async throws -> String {
  String(decoding: try await stream.read(upTo: 100), as: UTF8.self)
}

/// The text of an error after the call and the peer.
private func reason(_ text: String) -> String { text.split(separator: ": ", maxSplits: 1).last.map(String.init) ?? "" }

private nonisolated(nonsending) func outcome(_ body: () async throws -> Void) async -> String {
  do {
    try await body()
    return "done"
  } catch {
    return "\(error)"
  }
}

/// All ways to take from a stream's input.
private enum Reads {
  static let all: [@Sendable (ByteStream) async throws -> Void] = [
    { _ = try await $0.read(upTo: 2) },
    {
      var bytes: [UInt8] = []
      try await $0.read(into: &bytes)
    },
    { _ = try await $0.readExactly(2) },
    { _ = try await $0.readLine() },
    { _ = try await $0.readUntil([0x0a]) },
    { _ = try await $0.reader.readUntil(anyOf: [[0x0a], [0x20]]) },
    { _ = try await $0.readToEnd() },
    { _ = try await $0.withBytes { $0.byteCount } },
  ]
}

/// Compares the lent memory before and after it starts something.
private final class Comparing: StreamProtocol {
  private let seen: Future<[[UInt8]]>
  private let start: @Sendable () -> Void

  init(_ seen: Future<[[UInt8]]>, _ start: @escaping @Sendable () -> Void) {
    self.seen = seen
    self.start = start
  }

  func dataReceived(_ data: Span<UInt8>) {
    let before = [UInt8](copying: data)
    start()
    seen.trySetResult([before, [UInt8](copying: data)])
  }
}

private final class ReadingInGetBuffer: BufferedProtocol {
  private let seen: Future<[UInt8]>
  private let start: @Sendable () -> Void
  private var buffer: [UInt8] = []

  init(_ seen: Future<[UInt8]>, _ start: @escaping @Sendable () -> Void) {
    self.seen = seen
    self.start = start
  }

  func getBuffer(sizeHint: Int, _ receive: (inout OutputSpan<UInt8>) -> Void) {
    start()
    buffer.append(addingCapacity: sizeHint) { room in
      receive(&room)
      // Once is enough: received bytes are not received again.
      receive(&room)
    }
  }

  func bufferUpdated(_ count: Int) { seen.trySetResult(buffer) }
}

private final class ReceivingWithin: DatagramProtocol {
  private let arrived: Future<String>
  private let socket: DatagramSocket

  init(_ arrived: Future<String>, _ socket: DatagramSocket) {
    self.arrived = arrived
    self.socket = socket
  }

  func datagramReceived(_ data: Span<UInt8>, from peer: SocketAddress) {
    let (arrived, socket) = (arrived, socket)
    let before = String(decoding: data, as: UTF8.self)
    Task.immediate {
      let outcome = await outcome { _ = try await socket.receive() }
      arrived.trySetResult("\(before), \(outcome)")
    }
  }
}

/// An actor whose code runs on another thread than the loop's.
private actor Elsewhere {
  private let executor = QueueExecutor()
  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  func lend(_ stream: ByteStream, _ within: @Sendable () -> Void) async throws -> Int {
    try await stream.withBytes(atLeast: 14) { _ in
      within()
      return 4
    }
  }

  func fail(_ stream: ByteStream) async throws { try await stream.withBytes { _ in throw Mistake() } }
}
