// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import TestSupport
import Testing

@Suite("Datagram protocols", .timeLimit(.minutes(1))) struct DatagramProtocolTests {
  @Test(arguments: BackendKind.conforming)
  func `datagrams are handed over as they come, those of before too`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let (log, lost) = (Log(), Future<Void>())
      let socket = try await DatagramSocket.bind(to: .loopback(port: 0))
      let peer = try await DatagramSocket.connect(to: socket.localAddress)
      try await peer.send(Array("early".utf8))
      try await turns { socket.statistics.received == 1 }
      try await EventLoop.current.createDatagramEndpoint(over: socket) { DatagramRecorder(log, lost, echoes: true) }
      #expect(String(decoding: try await peer.receive().bytes, as: UTF8.self) == "early")
      try await peer.send([])
      #expect(try await peer.receive().bytes == [])
      try await peer.send(Array("close".utf8))
      try await lost.value
      #expect(log.entries == ["made", "data early", "data ", "data close", "lost"])
      peer.close()
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a refusal is an error that doesn't end it`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let (log, lost) = (Log(), Future<Void>())
      let gone = try await DatagramSocket.bind(to: .loopback(port: 0))
      gone.close()
      try await gone.waitClosed()
      let socket = try await DatagramSocket.connect(to: gone.localAddress)
      try await EventLoop.current.createDatagramEndpoint(over: socket) {
        DatagramRecorder(log, lost, sends: "anybody there?", closesAfterError: true)
      }
      try await lost.value
      #expect(log.entries == ["made", "error ECONNREFUSED", "lost"])
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `many datagrams to a slow receiver wait, and the protocol is told`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let (log, lost) = (Log(), Future<Void>())
      let name = "asyncio-\(UInt64.random(in: 0 ... .max))"
      let slow = try await DatagramSocket.bind(to: SocketAddress(abstractName: name)!)
      let socket = try await DatagramSocket.connect(to: slow.localAddress)
      try await EventLoop.current.createDatagramEndpoint(over: socket) {
        DatagramRecorder(log, lost, burst: 5000)
      }
      for number in 0..<5000 { #expect(try await slow.receive().bytes.count == 100 + number % 7) }
      try await lost.value
      #expect(log.entries.filter { $0 == "pause" }.count == log.entries.filter { $0 == "resume" }.count)
      #expect(log.entries.first == "pause")
      #expect(log.entries.last == "lost")
      slow.close()
    }
  }
}

private final class DatagramRecorder: DatagramProtocol {
  private let log: Log
  private let lost: Future<Void>
  private let echoes: Bool
  private let sends: String?
  private let closesAfterError: Bool
  private let burst: Int
  private var endpoint: DatagramEndpoint?

  init(
    _ log: Log, _ lost: Future<Void>, echoes: Bool = false, sends: String? = nil, closesAfterError: Bool = false,
    burst: Int = 0
  ) {
    self.log = log
    self.lost = lost
    self.echoes = echoes
    self.sends = sends
    self.closesAfterError = closesAfterError
    self.burst = burst
  }

  func connectionMade(_ endpoint: DatagramEndpoint) {
    self.endpoint = endpoint
    for number in 0..<burst { endpoint.send([UInt8](repeating: 1, count: 100 + number % 7)) }
    if burst > 0 { endpoint.close() } else { log.append("made") }
    if let sends { endpoint.send(Array(sends.utf8)) }
  }

  func datagramReceived(_ data: Span<UInt8>, from peer: SocketAddress) {
    let text = String(decoding: data, as: UTF8.self)
    log.append("data \(text)")
    if text == "close" { endpoint?.close() } else if echoes { endpoint?.send(data, to: peer) }
  }

  func errorReceived(_ error: any Error) {
    log.append("error \((error as? SystemError)?.code.name ?? "\(error)")")
    if closesAfterError { endpoint?.close() }
  }

  func connectionLost(_ error: (any Error)?) {
    log.append(error.map { "lost: \($0)" } ?? "lost")
    lost.trySetResult(())
  }

  func pauseWriting() { log.append("pause") }
  func resumeWriting() { log.append("resume") }
}
