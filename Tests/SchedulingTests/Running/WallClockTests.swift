// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Foundation
import Testing

@Suite struct WallClockTests {
  @Test(.virtualTime) func `the wall clock of virtual time is Foundation's`() async throws {
    #expect(WallTime.now.description == "2000-01-01T00:00:00Z")
    try await sleep(.milliseconds(1500))
    #expect(WallTime.now.description == "2000-01-01T00:00:01.5Z")
    EventLoop.current.setWallTime(try time("2026-03-29T00:00:00Z"))
    try await sleep(.seconds(1))
    #expect(WallTime.now.description == "2026-03-29T00:00:01Z" && EventLoop.current.wallTime == .now)
    #expect(Date() == Date(timeIntervalSince1970: Double(WallTime.now.secondsSince1970)))
    #expect(secondsInTest == "2.5")
  }

  @Test(.virtualTime) func `a wait for a time ends at it`() async throws {
    try await sleep(until: try time("2000-03-01T00:00:00Z"))
    #expect(secondsInTest == "\(60 * 86_400)")
    // A time that has passed.
    try await sleep(until: try time("1999-01-01T00:00:00Z"))
    #expect(secondsInTest == "\(60 * 86_400)")
  }

  @Test(.virtualTime) func `a clock that is set makes a wait shorter or longer`() async throws {
    let log = Log()
    let loop = EventLoop.current
    let wait = createTask {
      try await sleep(until: try time("2000-01-01T12:00:00Z"))
      log.addNow("noon")
    }
    try await sleep(.seconds(60))
    loop.setWallTime(try time("2000-01-01T11:59:00Z"))
    try await wait.value
    let longer = createTask {
      try await sleep(until: try time("2000-01-01T12:30:00Z"))
      log.addNow("half past")
    }
    try await sleep(.seconds(60))
    loop.setWallTime(try time("2000-01-01T11:30:00Z"))
    try await longer.value
    #expect(log.entries == ["120 noon", "3780 half past"])
  }

  @Test(.virtualTime) func `a cancelled wait throws`() async throws {
    let wait = createTask { try await sleep(until: try time("2000-01-01T12:00:00Z")) }
    try await sleep(.seconds(1))
    wait.cancel()
    await #expect(throws: CancellationError.self) { try await wait.value }
    #expect(secondsInTest == "1")
  }

  @Test(arguments: [BackendKind.ioUring, .epoll]) func `on a real loop the clock is the machine's`(
    backend: BackendKind
  ) async throws {
    guard let backend = try? await withEventLoop(backend: backend, { EventLoop.current.backendKind }) else { return }
    try await withEventLoop(backend: backend) {
      let (ours, theirs) = (WallTime.now, Date().timeIntervalSince1970)
      #expect(abs(Double(ours.secondsSince1970) - theirs) < 5)
      let start = EventLoop.current.time
      try await sleep(until: ours + .milliseconds(30))
      #expect(WallTime.now >= ours + .milliseconds(30))
      #expect(start.duration(to: EventLoop.current.time) < .seconds(20))
      // Several at a time, some of them cancelled: the watch of the clock is shared.
      let waits = (0..<6).map { number in createTask { try await sleep(until: ours + .milliseconds(40 + number)) } }
      waits[2].cancel()
      for (number, wait) in waits.enumerated() where number != 2 { try await wait.value }
      await #expect(throws: CancellationError.self) { try await waits[2].value }
    }
  }

  @Test func `zones are found by their names`() throws {
    #expect(try ZoneRules.named("Europe/Berlin").name == "Europe/Berlin")
    #expect(try ZoneRules.named("UTC").offset(at: 0) == 0)
    _ = try ZoneRules.local()
    for (name, fault) in [
      (
        "Europe/Atlantis",
        "time zone Europe/Atlantis: open /usr/share/zoneinfo/Europe/Atlantis: no such file or directory"
      ),
      ("../../../etc/passwd", "time zone \"../../../etc/passwd\": a name has letters, digits and _ + - / only"),
      ("/etc/localtime", "time zone \"/etc/localtime\": a name has letters, digits and _ + - / only"),
      ("", "time zone \"\": a name has letters, digits and _ + - / only"),
      ("tzdata.zi", "time zone \"tzdata.zi\": a name has letters, digits and _ + - / only"),
    ] {
      let error = #expect(throws: ZoneError.self) { try ZoneRules.named(name) }
      #expect(error?.description == fault)
    }
    #expect(throws: ZoneError.self) { try ZoneRules.named("Europe") }
  }
}
