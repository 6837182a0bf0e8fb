// SPDX-License-Identifier: Apache-2.0
// The scenarios' own sockets, and words for their state.

import AsyncIO
import Glibc

/// Two connected sockets without names, closed with this.
final class Sockets: @unchecked Sendable {
  // Sendable: used on one thread.
  private(set) var near: Int32
  private(set) var far: Int32

  init() {
    var ends: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    precondition(socketpair(AF_UNIX, type, 0, &ends) == 0, "socketpair: errno \(errno)")
    (near, far) = (ends[0], ends[1])
  }

  deinit {
    if near >= 0 { close(near) }
    closeFar()
  }

  func closeFar() {
    if far >= 0 { close(far) }
    far = -1
  }

  /// Gives up the near socket, which the caller then closes.
  func takeNear() -> Int32 {
    defer { near = -1 }
    return near
  }

  /// Sends from the far socket.
  func send(_ message: String) {
    let bytes = Array(message.utf8)
    precondition(write(far, bytes, bytes.count) == bytes.count, "write: errno \(errno)")
  }

  /// Receives at the near socket.
  func receive(_ count: Int) -> String { Self.receive(count, from: near) }

  static func receive(_ count: Int, from descriptor: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: count)
    return text(Array(bytes[..<max(0, read(descriptor, &bytes, count))]))
  }
}

/// Lets the kernel report its events, and the callbacks run.
nonisolated(nonsending) func settle() async throws {
  for _ in 0..<5 { try await sleep(.milliseconds(1)) }
}

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// The form of Python.
func python(_ value: Bool) -> String { value ? "True" : "False" }
