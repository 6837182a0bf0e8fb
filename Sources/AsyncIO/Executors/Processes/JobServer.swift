// SPDX-License-Identifier: Apache-2.0
// A worker: it reads a message, runs its jobs, and answers, on its main thread and without a loop. A job may start a
// loop of its own with `EventLoop.run`. The worker ends when its pool closes the socket.

import AsyncIOCore
import BinaryCoding
import CLinux
import Glibc

/// Serves until the socket is closed. Called before `main`, see `workers.c` in CLinux.
@_cdecl("asyncio_serve_jobs")
func serveJobs(_ socket: Int32) {
  guard let setUp = receive(from: socket), send(answerToSetUp(setUp), to: socket) else { return }
  while let message = receive(from: socket) {
    if !send(answer(to: message), to: socket) { return }
  }
}

/// Limits this process, then runs the pool's initializer.
private func answerToSetUp(_ message: [UInt8]) -> [UInt8] {
  do {
    let reader = ValueReader(message)
    _ = try reader.read(JobMessage.Kind.self)
    let memory = try reader.read(Int.self)
    if memory > 0 {
      let code = asyncio_limit_memory(UInt64(memory))
      guard code == 0 else { throw SystemError("setrlimit", "RLIMIT_AS \(memory)", code: .init(rawValue: -code)) }
    }
    let name = try reader.read(String.self)
    let writer = ValueWriter()
    try writer.write(JobMessage.Answer.results)
    if let type = JobMessage.type(named: name) { try run(type, 1, from: reader, to: writer) }
    return writer.bytes
  } catch {
    return failureAnswer((error as? FailedJob)?.failure ?? JobFailure(error, at: 0))
  }
}

/// The next message; nil at the end, and after a damaged one.
private func receive(from socket: Int32) -> [UInt8]? {
  guard let header = receive(JobMessage.lengthSize, from: socket) else { return nil }
  return receive(JobMessage.length(header), from: socket)
}

private func receive(_ count: Int, from socket: Int32) -> [UInt8]? {
  // Safety: the buffer has room for `count` bytes, and what was received is initialized.
  let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, received in
    while received < count {
      let result = unsafe read(socket, buffer.baseAddress! + received, count - received)
      if result < 0 && errno == EINTR { continue }
      if result <= 0 { break }
      received += result
    }
  }
  return bytes.count == count ? bytes : nil
}

/// Returns false if the pool is gone.
private func send(_ message: [UInt8], to socket: Int32) -> Bool {
  let bytes = JobMessage.header(message.count) + message
  var sent = 0
  while sent < bytes.count {
    let result = unsafe bytes.withUnsafeBytes { unsafe write(socket, $0.baseAddress! + sent, bytes.count - sent) }
    if result < 0 && errno == EINTR { continue }
    if result <= 0 { return false }
    sent += result
  }
  return true
}
