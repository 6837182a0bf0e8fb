// SPDX-License-Identifier: Apache-2.0
// A server under load with all faults of a network, for a given time: `soak real|virtual SECONDS [SEED]`. Or only
// resets, which must all be reported: `soak resets CONNECTIONS`. Or child processes: `soak children COUNT`.
//
// Clients talk to an echo server, each with another fault: resets in the middle, peers that stop reading or never send
// anything, half-closed connections, cancelled reads. Meanwhile the server is shut down and restarted every few
// seconds, and sometimes the process runs out of descriptors. In the end every byte that came back must have been the
// right one, and nothing may be left: no task, operation, timer, descriptor or memory.
//
// It is a process of its own, since it counts the descriptors and the memory of the whole process.

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import Glibc

@main struct Soak {
  static func main() throws {
    let words = Array(CommandLine.arguments.dropFirst())
    let kinds = ["real", "virtual", "resets", "children"]
    guard words.count >= 2, let seconds = Int(words[1]), seconds > 0, kinds.contains(words[0])
    else {
      print("usage: soak real|virtual SECONDS [SEED], soak resets CONNECTIONS, or soak children COUNT")
      exit(64)
    }
    if words[0] == "children" { finish(try EventLoop.run { try await Children(count: seconds).report() }) }
    if words[0] == "resets" { finish(try EventLoop.run { try await Resets(connections: seconds).report() }) }
    let seed = words.count > 2 ? UInt64(words[2]) ?? 1 : UInt64(getpid()) &* UInt64(time(nil))
    print("seed \(seed)")
    if words[0] == "real" {
      let report = try EventLoop.run {
        try await Run(duration: .seconds(seconds), seed: seed, descriptors: ProcessDescriptors()).report()
      }
      finish(report)
    }
    try EventLoop.run {
      finish(
        try await withVirtualTime(seed: seed) {
          try await Run(duration: .seconds(seconds), seed: seed, descriptors: VirtualDescriptors()).report()
        })
    }
  }

  static func finish(_ report: [String]) {
    for line in report { print(line) }
    fflush(nil)
    exit(report.last == "nothing was lost, doubled or left behind" ? 0 : 1)
  }
}

struct Run: Sendable {
  let duration: Duration
  let seed: UInt64
  let descriptors: any Descriptors
  private let ledger = Ledger()
  private let clients = 24

  init(duration: Duration, seed: UInt64, descriptors: any Descriptors) {
    self.duration = duration
    self.seed = seed
    self.descriptors = descriptors
  }

  nonisolated(nonsending) func report() async throws -> [String] {
    let loop = EventLoop.current
    // Handlers' errors after a reset are expected here.
    loop.setExceptionHandler { [ledger] _, context in ledger.count("reported: \(context.message)") }
    try await warmUp()
    let before = Census.take(loop, descriptors)
    let start = loop.time
    var middle: Census?
    let serving = createTask(name: "serves") { [self] in try await serve() }
    let starving = createTask(name: "starves") { [self] in try await starve() }
    let talking = (0..<clients).map { number in
      createTask(name: "client \(number)") { [self] in try await talk(number) }
    }
    while start.duration(to: loop.time) < duration {
      try await sleep(.seconds(1))
      if middle == nil && start.duration(to: loop.time) > duration / 2 { middle = Census.take(loop, descriptors) }
    }
    ledger.isOver = true
    starving.cancel()
    _ = try? await starving.value
    for task in talking { try await task.value }
    try await serving.value
    // Closed sockets and cancelled operations need a moment.
    for _ in 0..<100 where Census.take(loop, descriptors).differs(from: before) { try await sleep(.milliseconds(50)) }
    return summary(before, middle ?? before, Census.take(loop, descriptors))
  }

  /// Creates everything that is created only once.
  private nonisolated(nonsending) func warmUp() async throws {
    let server = try await startServer(host: "127.0.0.1", port: 0) { stream in try await echo(stream, ledger) }
    ledger.port = server.port
    var dice = Dice(seed: seed)
    for fault in [Fault.none, .pieces, .cancelledReads] {
      try await Conversation(fault: fault, pattern: Pattern(seed: 1), size: 100_000, ledger: ledger)
        .hold(at: server.port, &dice)
    }
    await server.shutdown(drain: .seconds(1))
  }

  // MARK: - The server

  private nonisolated(nonsending) func serve() async throws {
    var dice = Dice(seed: seed ^ 0x5e)
    let limits = ServerLimits(
      connections: 16, timeWithoutProgress: .seconds(2), leastRate: nil)
    while !ledger.isOver {
      let server: Server
      do {
        server = try await startServer(host: "127.0.0.1", port: 0, limits: limits) { [ledger] stream in
          try await echo(stream, ledger)
        }
      } catch let error as SystemError where error.code == .tooManyOpenFiles {
        try await sleep(.milliseconds(20))
        continue
      }
      ledger.port = server.port
      let end = dice.roll(1500..<6000)
      for _ in 0..<(end / 100) where !ledger.isOver { try await sleep(.milliseconds(100)) }
      // At any moment of the load.
      let summary = await server.shutdown(drain: .milliseconds(dice.roll(0..<1000)))
      ledger.count("shutdown")
      let open = try await server.statistics.open
      if open != 0 { ledger.fault("\(open) connections after \(summary)") }
    }
    ledger.port = 0
  }

  /// Takes away all descriptors but a few for a moment, now and then.
  private nonisolated(nonsending) func starve() async throws {
    var dice = Dice(seed: seed ^ 0x57)
    while true {
      try await sleep(.milliseconds(dice.roll(2000..<7000)))
      descriptors.leave(dice.roll(0..<4))
      ledger.count("starved")
      defer { descriptors.restore() }
      try await sleep(.milliseconds(dice.roll(50..<400)))
    }
  }

  // MARK: - The clients

  private nonisolated(nonsending) func talk(_ number: Int) async throws {
    var dice = Dice(seed: seed &+ UInt64(number) &* 7919 &+ 3)
    for _ in 0..<20 { _ = dice.roll(0..<2) }
    while !ledger.isOver {
      let fault = Fault.allCases[dice.roll(0..<Fault.allCases.count)]
      let size =
        fault == .pieces ? dice.roll(1..<20_000) : dice.roll(1..<(dice.roll(0..<10) == 0 ? 2_000_000 : 100_000))
      let conversation = Conversation(
        fault: fault, pattern: Pattern(seed: UInt64(dice.roll(0..<Int.max))), size: size, ledger: ledger)
      ledger.count("\(fault)")
      // Virtual peers are infinitely fast.
      try await sleep(.milliseconds(dice.roll(0..<(descriptors.areVirtual ? 400 : 20))))
      do {
        try await conversation.hold(at: ledger.port, &dice)
      } catch let error as SystemError {
        // Refused, reset, or out of descriptors: expected here.
        ledger.count("client: \(error.code.name)")
        try await sleep(.milliseconds(dice.roll(1..<50)))
      } catch let error as StreamError {
        ledger.count("client: \(error)")
      } catch is Conversation.Cut {
        ledger.count("client: cut")
      }
    }
  }

  // MARK: - What came of it

  private func summary(_ before: Census, _ middle: Census, _ after: Census) -> [String] {
    let entries = ledger.snapshot
    var lines = entries.counts.sorted { $0.key < $1.key }.map { "\($0.value)  \($0.key)" }
    lines.append("\(entries.bytes / 1_000_000) MB there and back in complete conversations")
    lines.append("before: \(before)")
    lines.append("in the middle: \(middle)")
    lines.append("after: \(after)")
    var faults = entries.faults.prefix(20).map { "FAULT \($0)" }
    if entries.counts["complete", default: 0] < 5 { faults.append("FAULT hardly anything was said") }
    faults += after.faults(since: before)
    lines += faults.isEmpty ? ["nothing was lost, doubled or left behind"] : faults
    return lines
  }
}

/// Echoes the input, and checks it on this end too.
nonisolated(nonsending) func echo(_ stream: ByteStream, _ ledger: Ledger) async throws {
  guard let head = try await stream.readLine() else { return }
  let words = head.split(separator: " ")
  guard words.count == 2, let seed = UInt64(words[0]), let size = Int(words[1]) else {
    return ledger.fault("the server read \"\(head)\" for a head")
  }
  let pattern = Pattern(seed: seed)
  var received = 0
  var buffer: [UInt8] = []
  while received < size, try await stream.read(into: &buffer) > 0 {
    if let place = pattern.firstDifference(buffer, at: received) {
      return ledger.fault("the server got another byte \(place) of \(size) than was sent")
    }
    received += buffer.count
    try await stream.write(buffer)
  }
  if received > size { ledger.fault("the server got \(received) of \(size) bytes") }
  try await stream.close()
}
