// SPDX-License-Identifier: Apache-2.0
// Taking a lock that is free costs 10 ns for its mutex, and would cost 30 with the frame of an async call around it
// (Swift 6.3.1, x86_64). So that part of `acquire` which doesn't suspend is an ordinary call, and the rest is inlined
// where it is used: there remain 20. How much more is to be done, this says.

import AsyncIOCore

/// What is left to do after the first attempt to go on without waiting.
@usableFromInline enum FastPath {
  /// Nothing.
  case done
  /// Everything, after others have run: the job has done enough without suspending.
  case mustYield
  /// Everything: there is nothing to be had at once.
  case mustWait

  init(_ attempt: @autoclosure () -> Bool) {
    self = EventLoop.hasSpentBudget() ? .mustYield : attempt() ? .done : .mustWait
  }
}
