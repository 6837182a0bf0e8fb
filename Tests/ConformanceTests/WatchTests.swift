// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Glibc
import TestSupport
import Testing

@Suite("Watched descriptors", .timeLimit(.minutes(1))) struct WatchTests {
  @Test(arguments: BackendKind.ofAKernel)
  func `a reader is called for as long as there is something to read`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let (pair, log, loop) = (SocketPair(), Log(), EventLoop.current)
      write("abc", to: pair.far)
      try loop.addReader(pair.near) {
        var byte: UInt8 = 0
        guard read(pair.near, &byte, 1) == 1 else { return log.append("nothing") }
        log.append(String(decoding: [byte], as: UTF8.self))
      }
      try await turns { log.entries.count == 3 }
      write("d", to: pair.far)
      try await turns { log.entries.count == 4 }
      #expect(loop.removeReader(pair.near))
      #expect(!loop.removeReader(pair.near))
      write("e", to: pair.far)
      for _ in 0..<20 { try await sleep(.zero) }
      #expect(log.entries == ["a", "b", "c", "d"])
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `adding again replaces the callback`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let (pair, log, loop) = (SocketPair(), Log(), EventLoop.current)
      try loop.addReader(pair.near) { log.append("first") }
      try loop.addReader(pair.near) {
        log.append("second: \(readText(from: pair.near))")
      }
      write("x", to: pair.far)
      try await turns { !log.entries.isEmpty }
      #expect(log.entries == ["second: x"])
      #expect(loop.removeReader(pair.near))
      #expect(!loop.removeReader(pair.near))
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `both directions of a descriptor are watched at a time`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let (pair, log, loop) = (SocketPair(), Log(), EventLoop.current)
      try loop.addReader(pair.near) { log.append("read \(readText(from: pair.near))") }
      try loop.addWriter(pair.near) {
        log.append("room")
        loop.removeWriter(pair.near)
        write("back", to: pair.near)
      }
      try await turns { log.entries == ["room"] }
      #expect(readText(from: pair.far) == "back")
      write("there", to: pair.far)
      try await turns { log.entries.count == 2 }
      #expect(log.entries == ["room", "read there"])
      #expect(loop.removeReader(pair.near))
      #expect(!loop.removeWriter(pair.near))
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `a callback that removes the other direction keeps it from being called`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let (pair, log, loop) = (SocketPair(), Log(), EventLoop.current)
      write("x", to: pair.far)
      let once: @Sendable (String) -> Void = { name in
        log.append(name)
        loop.removeReader(pair.near)
        loop.removeWriter(pair.near)
      }
      try loop.addReader(pair.near) { once("reader") }
      try loop.addWriter(pair.near) { once("writer") }
      try await turns { !log.entries.isEmpty }
      for _ in 0..<20 { try await sleep(.zero) }
      #expect(log.entries.count == 1)
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `the end of the peer calls the reader`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let (pair, log, loop) = (SocketPair(), Log(), EventLoop.current)
      try loop.addReader(pair.near) {
        log.append("read \(readText(from: pair.near).count)")
        loop.removeReader(pair.near)
      }
      shutdown(pair.far, Int32(SHUT_WR))
      try await turns { !log.entries.isEmpty }
      #expect(log.entries == ["read 0"])
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `callbacks have the task-local values of the place that added them`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let (pair, log, loop) = (SocketPair(), Log(), EventLoop.current)
      try Place.$name.withValue("there") {
        try loop.addReader(pair.near) { log.append("\(Place.name) \(readText(from: pair.near))") }
      }
      for letter in ["a", "b", "c"] {
        write(letter, to: pair.far)
        try await turns { log.entries.last == "there \(letter)" }
      }
      try Place.$name.withValue("elsewhere") {
        try loop.addReader(pair.near) { log.append("\(Place.name) \(readText(from: pair.near))") }
      }
      write("d", to: pair.far)
      try await turns { log.entries.count == 4 }
      #expect(log.entries == ["there a", "there b", "there c", "elsewhere d"])
      loop.removeReader(pair.near)
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `pipes, eventfds and terminals can be watched, a file can't`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let loop = EventLoop.current
      var ends: [Int32] = [-1, -1]
      try #require(pipe(&ends) == 0)
      let counter = eventDescriptor()
      let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY)
      defer { for descriptor in ends + [counter, terminal] { close(descriptor) } }
      for descriptor in [ends[1], counter, terminal] {
        let log = Log()
        try loop.addWriter(descriptor) {
          log.append("room")
          loop.removeWriter(descriptor)
        }
        try await turns { log.entries == ["room"] }
      }
      try loop.addReader(ends[0]) {}
      #expect(loop.removeReader(ends[0]))

      let file = open("/proc/self/exe", O_RDONLY)
      defer { close(file) }
      let error = #expect(throws: SystemError.self) { try loop.addReader(file) {} }
      #expect(error?.code == .notPermitted)
      #expect(error.map { "\($0)" }?.contains("descriptor \(file), a file") == true)
      #expect(throws: SystemError.self) { try loop.addWriter(file) {} }
      #expect(throws: SystemError.self) { try loop.addReader(-1) {} }
      #expect(!loop.removeReader(file))
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `waitReadable and waitWritable wait, and stand cancellation`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let pair = SocketPair()
      try await waitWritable(pair.near)
      let tasks = (0..<3).map { _ in Task { try await waitReadable(pair.near) } }
      for _ in 0..<10 { try await sleep(.zero) }
      tasks[0].cancel()
      await #expect(throws: CancellationError.self) { try await tasks[0].value }
      write("x", to: pair.far)
      try await tasks[1].value
      try await tasks[2].value
      #expect(readText(from: pair.near) == "x")
      let last = Task { try await waitReadable(pair.near) }
      for _ in 0..<10 { try await sleep(.zero) }
      last.cancel()
      await #expect(throws: CancellationError.self) { try await last.value }
      await #expect(throws: SystemError.self) { try await waitReadable(-1) }
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `a task waits beside a callback`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let (pair, log, loop) = (SocketPair(), Log(), EventLoop.current)
      let waiting = Task {
        try await waitReadable(pair.near)
        log.append("task")
      }
      for _ in 0..<10 { try await sleep(.zero) }
      try loop.addReader(pair.near) {
        log.append("callback \(readText(from: pair.near))")
      }
      write("x", to: pair.far)
      try await waiting.value
      try await turns { log.entries.count == 2 }
      write("y", to: pair.far)
      try await turns { log.entries.count == 3 }
      #expect(Set(log.entries) == ["task", "callback x", "callback y"])
      #expect(loop.removeReader(pair.near))
    }
  }

  @Test(arguments: BackendKind.ofAKernel)
  func `a reader is removed after its descriptor was closed`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let loop = EventLoop.current
      var ends: [Int32] = [-1, -1]
      try #require(pipe(&ends) == 0)
      try loop.addReader(ends[0]) {}
      for _ in 0..<10 { try await sleep(.zero) }
      for end in ends { close(end) }
      #expect(loop.removeReader(ends[0]))
      #expect(!loop.removeReader(ends[0]))
    }
  }

  @Test func `code off the loop waits too`() async throws {
    let pair = SocketPair()
    write("x", to: pair.far)
    try await waitReadable(pair.near)
    #expect(readText(from: pair.near) == "x")
  }

  @Test(.virtualTime) func `a loop with virtual time watches none of the process's descriptors`() async throws {
    let error = #expect(throws: SystemError.self) { try EventLoop.current.addReader(0) {} }
    #expect(error?.code == .invalidArgument)
  }
}

private enum Place {
  @TaskLocal static var name = "nowhere"
}
