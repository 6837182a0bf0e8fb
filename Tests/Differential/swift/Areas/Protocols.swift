// SPDX-License-Identifier: Apache-2.0
// Transports and protocols: which methods are called, in which order.

import AsyncIO
import Glibc

/// Logs the calls of its transport. Like everything here it is isolated to the main actor, without an annotation.
private final class Recorder: StreamProtocol {
  struct Actions {
    var made: (Transport) -> Void = { _ in }
    var received: (Transport) throws -> Void = { _ in }
    var ended: (Transport) -> Bool = { _ in false }
    var resumed: (Transport) -> Void = { _ in }
  }

  private let log: (String) -> Void
  private let actions: Actions
  private(set) var transport: Transport!

  init(_ log: @escaping (String) -> Void, _ actions: Actions = Actions()) {
    self.log = log
    self.actions = actions
  }

  func connectionMade(_ transport: Transport) {
    self.transport = transport
    log("made")
    actions.made(transport)
  }

  func dataReceived(_ data: Span<UInt8>) throws {
    log("data \(String(decoding: data, as: UTF8.self))")
    if let transport { try actions.received(transport) }
  }

  func eofReceived() -> Bool {
    log("eof")
    return transport.map(actions.ended) ?? false
  }

  func connectionLost(_ error: (any Error)?) { log("lost \(error.map(describe) ?? "None")") }

  func pauseWriting() { log("pause") }

  func resumeWriting() {
    log("resume")
    actions.resumed(transport)
  }
}

private final class Buffered: BufferedProtocol {
  private let log: Log
  private var buffer: [UInt8] = []

  init(_ log: Log) { self.log = log }

  func connectionMade(_ transport: Transport) { log("made") }

  func getBuffer(sizeHint: Int, _ receive: (inout OutputSpan<UInt8>) -> Void) {
    log("get_buffer")
    buffer = [UInt8](capacity: 4) { receive(&$0) }
  }

  func bufferUpdated(_ count: Int) { log("updated \(text(Array(buffer[..<count])))") }

  func eofReceived() -> Bool {
    log("eof")
    return false
  }

  func connectionLost(_ error: (any Error)?) { log("lost \(error.map(describe) ?? "None")") }
}

private final class Datagrams: DatagramProtocol {
  private let log: Log
  private let name: String
  private let reply: String?
  private var endpoint: DatagramEndpoint?

  init(_ log: Log, _ name: String, reply: String? = nil) {
    self.log = log
    self.name = name
    self.reply = reply
  }

  func connectionMade(_ endpoint: DatagramEndpoint) {
    self.endpoint = endpoint
    log("\(name): made")
  }

  func datagramReceived(_ data: Span<UInt8>, from peer: SocketAddress) {
    log("\(name): \(String(decoding: data, as: UTF8.self))")
    if let reply { endpoint?.send(Array(reply.utf8), to: peer) }
  }

  func errorReceived(_ error: any Error) {
    let isRefusal = (error as? SystemError)?.code == .connectionRefused
    log("\(name): \(isRefusal ? "ConnectionRefusedError" : "\(error)")")
  }

  func connectionLost(_ error: (any Error)?) { log("\(name): lost \(error.map(describe) ?? "None")") }
}

/// A protocol on one socket, and the peer's socket.
@MainActor private func connected(
  _ log: Log, _ actions: Recorder.Actions = Recorder.Actions()
) async throws -> (Transport, Recorder, Sockets) {
  let sockets = Sockets()
  let (transport, recorder) = try await EventLoop.current.connectAcceptedSocket(sockets.takeNear()) {
    Recorder({ log($0) }, actions)
  }
  return (transport, recorder, sockets)
}

@MainActor func protocols(_ area: Area) {
  area.scenario("callbacks_come_in_their_order") { log in
    let (transport, _, sockets) = try await connected(log)
    log("connected")
    sockets.send("one")
    try await settle()
    sockets.send("two")
    try await settle()
    shutdown(sockets.far, Int32(SHUT_WR))
    try await settle()
    log(python(transport.isClosing))
  }

  area.scenario("a_server_and_a_client") { log in
    let loop = EventLoop.current
    let (servers, clients) = (Log(), Log())
    let server = try await loop.createServer(host: "127.0.0.1", port: 0) {
      Recorder({ servers($0) }, Recorder.Actions(received: { $0.write("answer") }))
    }
    let (transport, recorder) = try await loop.createConnection(host: "127.0.0.1", port: server.port) {
      Recorder({ clients($0) }, Recorder.Actions(received: { $0.close() }))
    }
    log(python(recorder.transport === transport))
    transport.write("question")
    try await settle()
    server.close()
    for line in ["server"] + servers.lines + ["client"] + clients.lines { log(line) }
  }

  area.scenario("an_end_that_is_answered") { log in
    var actions = Recorder.Actions()
    actions.ended = { transport in
      transport.write("still here")
      return true
    }
    let (transport, _, sockets) = try await connected(log, actions)
    shutdown(sockets.far, Int32(SHUT_WR))
    try await settle()
    log("\(Sockets.receive(20, from: sockets.far)) \(python(transport.isClosing))")
    transport.close()
    try await settle()
  }

  area.scenario("closing_is_told_in_a_later_turn") { log in
    let (transport, _, sockets) = try await connected(log)
    transport.close()
    log("closing \(python(transport.isClosing))")
    transport.close()
    try await settle()
    withExtendedLifetime(sockets) {}
  }

  area.scenario("aborting_is_no_error") { log in
    let (transport, _, sockets) = try await connected(log)
    transport.abort()
    log("aborted")
    transport.abort()
    try await settle()
    withExtendedLifetime(sockets) {}
  }

  area.scenario("what_is_written_after_the_close_is_dropped") { log in
    let (transport, _, sockets) = try await connected(log)
    transport.write("before")
    transport.close()
    transport.write("after")
    try await settle()
    log(Sockets.receive(20, from: sockets.far))
  }

  area.scenario("an_error_of_the_protocol_loses_the_connection") { log in
    EventLoop.current.setExceptionHandler { _, _ in log("reported") }
    let actions = Recorder.Actions(received: { _ in throw Failure("a mistake") })
    let (_, _, sockets) = try await connected(log, actions)
    sockets.send("x")
    try await settle()
  }

  area.scenario("what_is_there_when_reading_is_paused_comes_later") { log in
    let (transport, _, sockets) = try await connected(log)
    log("reading \(python(transport.isReading))")
    transport.pauseReading()
    transport.pauseReading()
    log("reading \(python(transport.isReading))")
    sockets.send("one")
    try await settle()
    sockets.send("two")
    shutdown(sockets.far, Int32(SHUT_WR))
    try await settle()
    log("resuming")
    transport.resumeReading()
    transport.resumeReading()
    try await settle()
  }

  area.scenario("the_limits_of_the_write_buffer") { log in
    let (transport, _, sockets) = try await connected(log)
    func show() { log("(\(transport.writeBufferLimits.low), \(transport.writeBufferLimits.high))") }
    show()
    for (high, low) in [(1000, nil), (nil, 1000), (0, nil), (50, 50), (nil, nil)] as [(Int?, Int?)] {
      transport.setWriteBufferLimits(high: high, low: low)
      show()
    }
    transport.close()
    try await settle()
    withExtendedLifetime(sockets) {}
  }

  area.scenario("writing_is_paused_and_resumed") { log in
    let actions = Recorder.Actions(resumed: { log("low \(python($0.writeBufferSize <= 1000))") })
    let (transport, _, sockets) = try await connected(log, actions)
    transport.setWriteBufferLimits(high: 50_000, low: 1000)
    transport.write([UInt8](repeating: 0, count: 2_000_000))
    log("high \(python(transport.writeBufferSize > 50_000))")
    transport.write([UInt8](repeating: 0, count: 10))
    log("wrote more")
    let far = try RawSocket(sockets.far)
    var (received, buffer): (Int, [UInt8]) = (0, [])
    while received < 2_000_010 { received += try await far.receive(into: &buffer) }
    try await settle()
    log("left \(transport.writeBufferSize)")
    transport.close()
    try await settle()
  }

  area.scenario("a_full_buffer_is_sent_before_the_close") { log in
    let (transport, _, sockets) = try await connected(log)
    transport.write([UInt8](repeating: 0, count: 2_000_000))
    transport.close()
    log("closed")
    let far = try RawSocket(sockets.far)
    var (received, buffer): (Int, [UInt8]) = (0, [])
    while try await far.receive(into: &buffer) > 0 { received += buffer.count }
    try await settle()
    log("\(received)")
  }

  area.scenario("an_end_of_the_output_leaves_the_input") { log in
    let (transport, _, sockets) = try await connected(log)
    transport.write("last words")
    transport.writeEOF()
    transport.writeEOF()
    try await settle()
    log("\(Sockets.receive(20, from: sockets.far)), \(Sockets.receive(20, from: sockets.far).count) bytes")
    sockets.send("heard")
    try await settle()
    log(python(transport.isClosing))
    transport.close()
    try await settle()
  }

  area.scenario("a_protocol_is_switched") { log in
    let second = Recorder({ log("second: \($0)") })
    let (transport, _, sockets) = try await connected(log, Recorder.Actions(received: { $0.setProtocol(second) }))
    sockets.send("one")
    try await settle()
    log(python(transport.currentProtocol === second))
    sockets.send("two")
    try await settle()
    sockets.closeFar()
    try await settle()
  }

  area.scenario(
    "a_protocol_lends_its_memory",
    differs: "memory is asked for when there is something to put into it, and not to find out that the end has come",
    expects: [
      "made", "get_buffer", "updated abc", "get_buffer", "updated defg", "get_buffer", "updated h", "eof", "lost None",
    ]
  ) { log in
    let sockets = Sockets()
    _ = try await EventLoop.current.connectAcceptedSocket(sockets.takeNear()) { Buffered(log) }
    sockets.send("abc")
    try await settle()
    sockets.send("defgh")
    try await settle()
    shutdown(sockets.far, Int32(SHUT_WR))
    try await settle()
  }

  area.scenario("the_reading_end_of_a_pipe") { log in
    let (reading, writing) = pipeEnds()
    let (transport, _) = try await EventLoop.current.connectReadPipe(reading) { Recorder({ log($0) }) }
    _ = write(writing, "hello", 5)
    try await settle()
    close(writing)
    try await settle()
    log(python(transport.isClosing))
  }

  area.scenario("the_writing_end_of_a_pipe") { log in
    let (reading, writing) = pipeEnds()
    let (transport, _) = try await EventLoop.current.connectWritePipe(writing) { Recorder({ log($0) }) }
    transport.write("hello")
    try await settle()
    log(Sockets.receive(100, from: reading))
    transport.writeEOF()
    try await settle()
    log("\(Sockets.receive(100, from: reading).count) bytes")
    close(reading)
  }

  area.scenario("a_pipe_whose_reader_leaves") { log in
    let (reading, writing) = pipeEnds()
    let (transport, _) = try await EventLoop.current.connectWritePipe(writing) { Recorder({ log($0) }) }
    close(reading)
    try await settle()
    log(python(transport.isClosing))
  }

  area.scenario("datagrams_come_in_their_order") { log in
    let loop = EventLoop.current
    let bound = try await DatagramSocket.bind(to: .loopback(port: 0))
    let (server, _) = try await loop.createDatagramEndpoint(over: bound) { Datagrams(log, "server", reply: "answer") }
    let connected = try await DatagramSocket.connect(to: server.localAddress)
    let (client, _) = try await loop.createDatagramEndpoint(over: connected) { Datagrams(log, "client") }
    for text in ["one", "two"] {
      client.send(Array(text.utf8))
      try await settle()
    }
    client.close()
    client.send(Array("dropped".utf8))
    log("closing \(python(client.isClosing))")
    try await settle()
    server.abort()
    try await settle()
  }

  area.scenario("a_refused_datagram_is_an_error") { log in
    let gone = try await DatagramSocket.bind(to: .loopback(port: 0))
    gone.close()
    try await gone.waitClosed()
    let connected = try await DatagramSocket.connect(to: gone.localAddress)
    let (client, _) = try await EventLoop.current.createDatagramEndpoint(over: connected) { Datagrams(log, "client") }
    client.send(Array("anybody there?".utf8))
    try await settle()
    log("closing \(python(client.isClosing))")
    client.close()
    try await settle()
  }

  area.scenario("a_refused_connection_makes_no_protocol") { log in
    let server = try await startServer(host: "127.0.0.1", port: 0) { _, _ in }
    server.close()
    try await server.waitClosed()
    do {
      _ = try await EventLoop.current.createConnection(host: "127.0.0.1", port: server.port) {
        log("factory")
        return Recorder({ log($0) })
      }
    } catch let error as SystemError where error.code == .connectionRefused {
      log("refused")
    }
  }
}

private func pipeEnds() -> (reading: Int32, writing: Int32) {
  var ends: [Int32] = [-1, -1]
  precondition(pipe(&ends) == 0, "pipe: errno \(errno)")
  return (ends[0], ends[1])
}
