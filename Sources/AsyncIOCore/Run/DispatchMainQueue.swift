// SPDX-License-Identifier: Apache-2.0
// When the loop is the main executor nobody drains libdispatch's main queue, and Foundation code that posts there would
// wait for ever. libdispatch exports what CoreFoundation's run loop uses for that: a descriptor that becomes readable,
// and a function that runs what is queued. The symbols are weak: a program without libdispatch has none of this.

import CLinux
import Glibc

final class DispatchMainQueue: OperationSink {
  private let loop: EventLoop
  private let descriptor: Int32
  private var operation: OperationID?

  /// Nil in a program without libdispatch.
  init?(loop: EventLoop) {
    let descriptor = asyncio_dispatch_main_queue_descriptor()
    guard descriptor >= 0 else { return nil }
    self.loop = loop
    self.descriptor = descriptor
    operation = loop.poll(descriptor, events: UInt32(POLLIN), sink: self)
  }

  func stop() {
    if let operation { loop.cancel(operation) }
    operation = nil
  }

  func complete(_ operation: OperationID, _ completion: Completion) {
    guard completion.result > 0 else { return }
    var count: UInt64 = 0
    _ = unsafe read(descriptor, &count, 8)
    // As a callback, in its turn: what is queued may be long, and this is the middle of taking completions.
    loop.callSoon { asyncio_drain_dispatch_main_queue() }
  }
}
