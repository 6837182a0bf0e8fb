// SPDX-License-Identifier: Apache-2.0
// OpenSSL reads and writes here instead of on a socket: a BIO of our own. It reads in place the bytes that the session
// lends for the time of a call. It appends output to memory that all sessions of a loop share. So an idle session has
// no buffer in either direction. OpenSSL's memory BIOs would copy all input once more, and keep both buffers.
//
// The callbacks get a plain pointer. They touch neither objects nor reference counts.

import COpenSSL

/// Collects the output of a call. All sessions of a thread share it: each call's output is taken before the next call.
package final class TLSOutput {
  struct Storage {
    var bytes: UnsafeMutableRawBufferPointer
    var count = 0

    mutating func append(_ source: UnsafeRawPointer, _ size: Int) {
      if count + size > bytes.count {
        let larger = UnsafeMutableRawBufferPointer.allocate(
          byteCount: max(bytes.count * 2, count + size), alignment: 64)
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        bytes.deallocate()
        bytes = larger
      }
      (bytes.baseAddress! + count).copyMemory(from: source, byteCount: size)
      count += size
    }
  }

  let storage: UnsafeMutablePointer<Storage>

  /// Room for everything that one call encrypts.
  private static let capacity = TLSSession.largestWrite + 2048

  package init() {
    storage = .allocate(capacity: 1)
    storage.initialize(to: Storage(bytes: .allocate(byteCount: Self.capacity, alignment: 64)))
  }

  deinit {
    storage.pointee.bytes.deallocate()
    storage.deallocate()
  }

  var count: Int { storage.pointee.count }

  /// Hands over the output from `begin` on. The bytes before that belong to an enclosing call.
  func flush(from begin: Int, to sink: some TLSSink, asAnswer: Bool) {
    let count = storage.pointee.count
    if count == begin { return }
    storage.pointee.count = begin
    let bytes = UnsafeRawBufferPointer(rebasing: storage.pointee.bytes[begin..<count])
    if asAnswer { sink.answer(bytes) } else { sink.emit(bytes) }
  }
}

struct TLSPipe {
  /// The unread rest of the bytes that were lent to the session.
  var input = UnsafeRawBufferPointer(start: nil, count: 0)
  var records = RecordCounter()
  let output: UnsafeMutablePointer<TLSOutput.Storage>

  /// A BIO on this pipe. The pipe must not move, and must outlive the BIO.
  static func makeBIO(_ pipe: UnsafeMutablePointer<TLSPipe>) -> OpaquePointer? {
    guard let bio = BIO_new(method.pointer) else { return nil }
    BIO_set_data(bio, pipe)
    BIO_set_init(bio, 1)
    return bio
  }

  private struct Method: @unchecked Sendable {
    // Sendable: made once, then only read.
    let pointer: OpaquePointer?
  }

  private static let method: Method = {
    let method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "a stream's filter")
    BIO_meth_set_read_ex(method) { bio, bytes, capacity, count in
      let pipe = BIO_get_data(bio).assumingMemoryBound(to: TLSPipe.self)
      let size = min(capacity, pipe.pointee.input.count)
      if size == 0 || !pipe.pointee.records.mayContinue {
        asyncio_bio_want_read(bio)
        count?.pointee = 0
        return 0
      }
      asyncio_bio_clear_retry(bio)
      let rest = pipe.pointee.input
      bytes.unsafelyUnwrapped.withMemoryRebound(to: UInt8.self, capacity: size) {
        UnsafeMutableRawPointer($0).copyMemory(from: rest.baseAddress.unsafelyUnwrapped, byteCount: size)
      }
      pipe.pointee.records.count(UnsafeRawBufferPointer(rebasing: rest[..<size]))
      pipe.pointee.input = UnsafeRawBufferPointer(rebasing: rest[size...])
      count?.pointee = size
      return 1
    }
    BIO_meth_set_write_ex(method) { bio, bytes, size, count in
      let pipe = BIO_get_data(bio).assumingMemoryBound(to: TLSPipe.self)
      asyncio_bio_clear_retry(bio)
      if size > 0 { pipe.pointee.output.pointee.append(bytes.unsafelyUnwrapped, size) }
      count?.pointee = size
      return 1
    }
    BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
    return Method(pointer: method)
  }()
}
