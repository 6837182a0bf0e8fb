// SPDX-License-Identifier: Apache-2.0

/// Where a session's results go: a stream's transport, or memory in a test.
package protocol TLSSink: AnyObject {
  /// Bytes for the peer; valid during the call.
  func emit(_ bytes: UnsafeRawBufferPointer)
  /// The same, of the session's own accord: how many there are is the peer's choice.
  func answer(_ bytes: UnsafeRawBufferPointer)
  /// Lends room for plaintext, of which the body says how much it has written.
  @discardableResult
  func deliver(upTo capacity: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Int) rethrows -> Int
  /// The peer has ended its side properly.
  func deliverEnd()
}
