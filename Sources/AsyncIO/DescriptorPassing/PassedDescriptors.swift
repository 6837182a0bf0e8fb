// SPDX-License-Identifier: Apache-2.0
// Descriptors that come with a Unix socket's bytes (SCM_RIGHTS in unix(7)). They stand in a line of their own, as in the
// Wayland protocol: bytes and descriptors arrive each in the order in which they were sent, and a message says in its
// bytes how many belong to it.
//
// A plain receive takes the bytes and loses the descriptors. So a stream whose descriptors are wanted receives in
// another way, by recvmsg(2) when it is readable, which is what a stream that pulls does. That is decided before the
// first byte is taken: a Unix stream receives nothing before somebody reads.

import AsyncIOCore
import Glibc

final class PassedDescriptors {
  /// A peer that sends more than this without anybody taking them has its stream fail.
  static let limit = SocketCalls.mostDescriptors

  private(set) var waiting: [Int32] = []
  private(set) var failure: SystemError?

  deinit { for descriptor in waiting { close(descriptor) } }

  func next() -> OwnedDescriptor? {
    waiting.isEmpty ? nil : OwnedDescriptor(owning: waiting.removeFirst())
  }

  /// As `receive` of a backend: the number of bytes, 0 at the end, or a negative errno.
  func receive(into room: UnsafeMutableRawBufferPointer, from socket: Int32) -> Int {
    let (result, received) = SocketCalls.receive(into: room, capacity: SocketCalls.mostDescriptors, from: socket)
    if received.areTruncated || waiting.count + received.numbers.count > Self.limit {
      // Which of them are missing nobody knows, so none of this message's can be used.
      for descriptor in received.numbers { close(descriptor) }
      failure = SystemError("recvmsg", "descriptors of a Unix socket", code: .tooManyOpenFiles)
    } else {
      waiting += received.numbers
    }
    return result
  }
}

extension StreamTransport {
  /// Receives what is there without waiting.
  func receiveNow(into room: UnsafeMutableRawBufferPointer) -> Int {
    passing?.receive(into: room, from: number) ?? loop.backend.receive(into: room, from: number)
  }

  /// From now on descriptors are kept that come with the bytes.
  func expectDescriptors() throws {
    guard passing == nil else { return }
    guard isSocket, peer?.family == .unix, loop.backend.kind != .virtual, filter == nil, consumer == nil else {
      throw SystemError("recvmsg", "descriptors of \(waitDescription)", code: .notSupported)
    }
    passing = PassedDescriptors()
    setPulling(true)
  }

  nonisolated(nonsending) func receiveDescriptor() async throws -> OwnedDescriptor {
    try beginRead()
    try expectDescriptors()
    while true {
      if let descriptor = passing?.next() { return descriptor }
      if let failure = passing?.failure { throw failure }
      if let inputError { throw named(inputError, "receiveDescriptor") }
      if reachedEnd { throw IncompleteReadError(partial: [], expected: nil, place: place("receiveDescriptor")) }
      if input.count > 2 * limit {
        throw LimitOverrunError(limit: limit, consumed: input.count, place: place("receiveDescriptor"))
      }
      try await waitForInput(input.count + 1)
    }
  }

  nonisolated(nonsending) func send(_ descriptors: [Int32], with bytes: [UInt8]) async throws {
    guard isSocket, peer?.family == .unix, loop.backend.kind != .virtual, filter == nil else {
      throw SystemError("sendmsg", "descriptors to \(waitDescription)", code: .notSupported)
    }
    // In their place among the bytes, so after all that was written before.
    try await waitUntilIdle()
    try await sendFirst(descriptors, with: bytes)
    if pendingOutput > Self.highWater { try await waitForRoom() }
  }

  private nonisolated(nonsending) func sendFirst(_ descriptors: [Int32], with bytes: [UInt8]) async throws {
    outputIsHeld = true
    defer { release() }
    while true {
      guard state == .open, outputError == nil else { throw named(outputError ?? StreamError.writeAfterEnd, "send") }
      let sent = bytes.withUnsafeBytes { SocketCalls.send($0, descriptors: descriptors, to: number) }
      if sent >= 0 {
        // The descriptors went with the first byte; the rest goes before what others wrote meanwhile.
        if sent < bytes.count { bytes[sent...].withUnsafeBytes { output.prepend($0) } }
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
