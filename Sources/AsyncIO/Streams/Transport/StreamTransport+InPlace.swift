// SPDX-License-Identifier: Apache-2.0
// For services that parse what has arrived where it lies, instead of taking copies out. All on the loop's thread.

import AsyncIOCore

extension StreamTransport {
  /// How many bytes have arrived and were not taken.
  package var unreadCount: Int { input.count }

  /// Lends the unread bytes for the time of the call, and forgets as many of the first as the body returns.
  package func withUnread(_ body: (UnsafeRawBufferPointer) throws -> Int) rethrows {
    let taken = try body(input.bytes)
    if taken > 0 {
      input.drop(taken)
      resumeReceiving()
    }
  }
}
