// SPDX-License-Identifier: Apache-2.0
// An operation is what the loop asks of a backend. Its life is explicit:
//
//     submitted ───────────────────────────► completed
//         └──► cancel requested ───────────► completed
//
// Until its last completion it owns what the kernel may still touch: its buffer (by a reference to the owner of the
// memory) and the object that its completions go to, which owns the descriptor. A task that stops waiting changes
// nothing of that; the object then decides what to do with a result that arrives late.
//
// Some operations complete many times: `accept` with each connection, `receive` and `read` with each piece of data,
// `receiveDatagrams` with each datagram, `poll` with each readiness. `isLast` tells the end.

package enum OperationKind: UInt8 {
  /// Connections of a listener, one completion each; the result is the descriptor.
  case accept
  /// A connection to an address; once. The result is 0.
  case connect
  /// Data as it arrives, in memory lent for the time of the call; the result is its length, 0 at the end of the stream.
  case receive
  /// Datagrams as they arrive, each in a frame (see `DatagramFrame`) lent for the time of the call; the result is the
  /// frame's length. An error ends the operation only if `isLast` says so.
  case receiveDatagrams
  /// All bytes of a buffer; once. The result is their number, or less if an error came in between.
  case send
  /// The same as `send`, from where the bytes lie.
  case sendZeroCopy
  /// The same as `receive` from what is not a socket: a pipe, a terminal, a file at its position.
  case read
  /// The same as `send` to what is not a socket.
  case write
  /// Readiness of any descriptor (poll(2)); the result is the set of events. Once a turn for as long as it lasts.
  case poll
  /// Bytes of a file from an offset, into a buffer; once. The result is their number, 0 at the end.
  case readFile
  /// Bytes of a buffer to a file at an offset; once. The result is the number that was written, perhaps not all.
  case writeFile
  /// Content and length of a file to the disk, fsync(2); once. `events` 1 leaves out what reading doesn't need.
  case syncFile

  /// Whether a descriptor that is not ready yet may refuse it.
  var waitsForReadiness: Bool { self != .poll && self != .connect && !isOfFile }

  var isOfFile: Bool { self == .readFile || self == .writeFile || self == .syncFile }
}

/// Names an operation; stale after its last completion.
package struct OperationID: Equatable, Hashable {
  let index: UInt32
  let generation: UInt32

  /// As the kernel carries it.
  var userData: UInt64 { UInt64(generation) << 32 | UInt64(index) }

  init(index: UInt32, generation: UInt32) {
    self.index = index
    self.generation = generation
  }

  init(userData: UInt64) {
    index = UInt32(truncatingIfNeeded: userData)
    generation = UInt32(truncatingIfNeeded: userData >> 32)
  }
}

/// What a backend says of an operation.
@safe package struct Completion {
  // Safe: `bytes` is lent for the time of the call that gets it, and `unsafe` to read.
  /// As the operation's kind defines it, or a negative errno.
  package let result: Int32
  /// What was received; only for the time of the call.
  package let bytes: UnsafeRawBufferPointer
  /// Whether the operation is over.
  package let isLast: Bool

  package init(
    result: Int32, bytes: UnsafeRawBufferPointer = unsafe UnsafeRawBufferPointer(start: nil, count: 0), isLast: Bool
  ) {
    self.result = result
    unsafe self.bytes = unsafe bytes
    self.isLast = isLast
  }
}

/// Where completions go. Called on the loop's thread, between jobs.
package protocol OperationSink: AnyObject {
  func complete(_ operation: OperationID, _ completion: Completion)
}
