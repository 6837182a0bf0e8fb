// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import Glibc

/// Two connected sockets of the test's own, closed with this object.
final class SocketPair: Sendable {
  let near: Int32
  let far: Int32

  init(isBlocking: Bool = false) {
    var ends: [Int32] = [-1, -1]
    let type = Int32(SOCK_STREAM.rawValue) | (isBlocking ? 0 : Int32(SOCK_NONBLOCK.rawValue))
    precondition(socketpair(AF_UNIX, type, 0, &ends) == 0, "socketpair: errno \(errno)")
    (near, far) = (ends[0], ends[1])
  }

  deinit {
    close(near)
    close(far)
  }
}

func write(_ text: String, to descriptor: Int32) {
  let bytes = Array(text.utf8)
  precondition(write(descriptor, bytes, bytes.count) == bytes.count, "write: errno \(errno)")
}

func readText(from descriptor: Int32) -> String {
  var bytes = [UInt8](repeating: 0, count: 4096)
  let count = read(descriptor, &bytes, bytes.count)
  return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
}

/// A non-blocking eventfd(2), which the toolchain's module of libc lacks.
func eventDescriptor() -> Int32 {
  typealias EventFD = @convention(c) (UInt32, Int32) -> Int32
  return unsafeBitCast(dlsym(nil, "eventfd"), to: EventFD.self)(0, O_NONBLOCK | O_CLOEXEC)
}
