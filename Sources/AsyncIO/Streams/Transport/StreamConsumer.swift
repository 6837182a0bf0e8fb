// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// Who takes a stream's input as it comes, in place of tasks that wait for it. Called on the loop's thread.
package protocol StreamConsumer: AnyObject {
  /// Bytes have come while none were unread. They are lent; returns how many of them it has taken, and the rest is
  /// kept.
  func received(_ bytes: UnsafeRawBufferPointer) -> Int

  /// There is unread input, or there will be none any more.
  func inputChanged()

  /// Output has left, or can't.
  func outputChanged()

  /// The descriptor is closed.
  func closed()
}

extension StreamTransport {
  /// Puts a consumer in, which looks at what is unread by itself.
  ///
  /// - Parameter call: What errors name as the operation.
  package func install(_ consumer: any StreamConsumer, for call: StaticString) throws {
    guard state.isOpen else { throw named(StreamError.aborted, call) }
    guard reader == nil, self.consumer == nil else { throw named(StreamError.concurrentRead, call) }
    if state.input.isLent { throw named(StreamError.lent, call) }
    if !loop.sockets.prefersReadiness { setPulling(false) }
    self.consumer = consumer
  }

  /// Takes the consumer out: what is unread, and what comes, is for a reader again.
  package func removeConsumer() { consumer = nil }

  /// Takes what is there to the consumer, by way of the memory that the loop's streams share.
  func receive(for consumer: any StreamConsumer) {
    unsafe loop.streamBuffers.withScratch { scratch in
      let result = unsafe receiveNow(into: scratch)
      pulled(result, of: scratch.count)
      if result > 0 {
        unsafe deliver(UnsafeRawBufferPointer(rebasing: scratch[..<result]))
      } else if reachedEnd {
        consumer.inputChanged()
      }
    }
  }
}
