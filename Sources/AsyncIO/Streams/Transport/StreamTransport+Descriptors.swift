// SPDX-License-Identifier: Apache-2.0
// Descriptors that come with a Unix socket's bytes (SCM_RIGHTS in unix(7)). They form a line of their own, as in the
// Wayland protocol. Bytes and descriptors each arrive in the order in which they were sent, and a message says in its
// bytes how many belong to it.
//
// A plain receive takes the bytes and loses the descriptors. So a stream whose descriptors are wanted receives by
// recvmsg(2) when it is readable, as a stream that pulls does. That is decided before the first byte is taken: a Unix
// stream receives nothing before the first read.

import AsyncIOCore
import Glibc

final class PassedDescriptors {
  /// A stream fails when its peer has sent more than this and the program has taken none.
  static let limit = SystemCall.mostDescriptors

  private(set) var waiting: [Int32] = []
  private(set) var failure: SystemError?

  deinit { for descriptor in waiting { close(descriptor) } }

  func next() -> OwnedDescriptor? {
    waiting.isEmpty ? nil : OwnedDescriptor(owning: waiting.removeFirst())
  }

  /// Like `receive` of a backend: returns the number of bytes, 0 at the end, or a negative errno.
  func receive(into room: UnsafeMutableRawBufferPointer, from socket: Int32) -> Int {
    let (result, received) = unsafe SystemCall.receive(into: room, capacity: SystemCall.mostDescriptors, from: socket)
    if received.areTruncated || waiting.count + received.numbers.count > Self.limit {
      // We can't tell which of them are missing, so close all of this message's.
      for descriptor in received.numbers { close(descriptor) }
      failure = SystemError("recvmsg", "descriptors of a Unix socket", code: .tooManyOpenFiles)
    } else {
      waiting += received.numbers
    }
    return result
  }
}

extension StreamTransport {
  /// Keeps descriptors that come with the bytes from now on.
  func expectDescriptors() throws {
    guard passing == nil else { return }
    guard isSocket, peer?.family == .unix, loop.backend.kind != .virtual, filter == nil, consumer == nil else {
      throw SystemError("recvmsg", "descriptors of \(waitDescription)", code: .notSupported)
    }
    passing = PassedDescriptors()
    setPulling(true)
  }

  nonisolated(nonsending) func receiveDescriptor() async throws -> OwnedDescriptor {
    try beginRead("receiveDescriptor")
    try expectDescriptors()
    while true {
      if let descriptor = passing?.next() { return descriptor }
      if let failure = passing?.failure { throw failure }
      if let inputError { throw named(inputError, "receiveDescriptor") }
      if reachedEnd { throw IncompleteReadError(partial: [], expected: nil, place: place("receiveDescriptor")) }
      if input.count > 2 * limit {
        throw LimitOverrunError(limit: limit, consumed: input.count, place: place("receiveDescriptor"))
      }
      try await waitForInput(input.count + 1, "receiveDescriptor")
    }
  }

  nonisolated(nonsending) func send(_ descriptors: [Int32], with bytes: [UInt8]) async throws {
    guard isSocket, peer?.family == .unix, loop.backend.kind != .virtual, filter == nil else {
      throw SystemError("sendmsg", "descriptors to \(waitDescription)", code: .notSupported)
    }
    // After everything that was written before, so that they keep their place among the bytes.
    try await waitUntilIdle()
    try await sendFirst(descriptors, with: bytes)
    if pendingOutput > Self.highWater { try await waitForRoom() }
  }

  private nonisolated(nonsending) func sendFirst(_ descriptors: [Int32], with bytes: [UInt8]) async throws {
    state.output.hold()
    defer { release() }
    while true {
      guard state.isOpen, outputError == nil else { throw named(outputError ?? StreamError.writeAfterEnd, "send") }
      let sent = unsafe bytes.withUnsafeBytes { unsafe SystemCall.send($0, descriptors: descriptors, to: number) }
      if sent >= 0 {
        // The descriptors went with the first byte. The rest goes before bytes that other tasks wrote meanwhile.
        if sent < bytes.count { unsafe bytes[sent...].withUnsafeBytes { unsafe output.prepend($0) } }
        return
      }
      let code = SystemError.Code(rawValue: Int32(-sent))
      guard code.isTemporary else {
        failOutput(SystemError("sendmsg", waitDescription, code: code))
        continue
      }
      try await waitUntilWritable()
    }
  }
}
