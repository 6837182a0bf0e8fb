// SPDX-License-Identifier: Apache-2.0

/// Receives a session's results: a stream's transport, or memory in a test.
package protocol TLSSink: AnyObject {
  /// Takes bytes for the peer, which are valid during the call.
  func emit(_ bytes: UnsafeRawBufferPointer)
  /// Takes bytes for the peer that OpenSSL sends on its own, as answers. The peer decides how many there are.
  func answer(_ bytes: UnsafeRawBufferPointer)
  /// Lends room for plaintext. The body returns how many bytes it wrote.
  @discardableResult
  func deliver(upTo capacity: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Int) rethrows -> Int
  /// Notes that the peer ended its side with close_notify.
  func deliverEnd()
}
