// SPDX-License-Identifier: Apache-2.0
// While the loop is the main executor, libdispatch does not drain its main queue, and Foundation code that posts there
// would wait for ever. CoreFoundation's run loop uses two exports of libdispatch for that: a descriptor that becomes
// readable, and a function that runs the queued work. The symbols are weak: a program without libdispatch lacks them.

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
    // In a callback of its own: the queued work may be long, and this runs while completions are taken.
    loop.callSoon { asyncio_drain_dispatch_main_queue() }
  }
}
