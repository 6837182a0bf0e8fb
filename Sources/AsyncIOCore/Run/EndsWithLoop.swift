// SPDX-License-Identifier: Apache-2.0
// An object with an operation in flight learns of the loop's end by its final completion. A resting listener, or a
// protocol that has paused reading, has no operation. It would wait for ever, in a reference cycle with all that it
// holds.

/// An object that is told of its loop's end, even without an operation in flight.
package protocol EndsWithLoop: AnyObject {
  /// Called once, on the loop's thread: tasks no longer run, and operations that are begun now are cancelled at once.
  func loopEnds()
}

struct LoopDependent {
  weak var object: (any EndsWithLoop)?
}

extension EventLoop {
  /// Registers an object to be told of the end, without holding it. On the loop's thread.
  package func tellOfEnd(_ object: any EndsWithLoop) {
    precondition(isCurrent, "the dependents of a loop belong to its thread")
    // Remove released objects when the array would grow.
    if dependents.count == dependents.capacity { dependents.removeAll { $0.object == nil } }
    dependents.append(LoopDependent(object: object))
  }

  func endDependents() {
    let objects = dependents.compactMap(\.object)
    dependents = []
    for object in objects { object.loopEnds() }
  }
}
