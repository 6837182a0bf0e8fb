// SPDX-License-Identifier: Apache-2.0
// Who has an operation in flight learns of the loop's end by its last completion. A listener that rests, or a protocol
// that has paused reading, has none: it would wait for ever, together with all that it refers to in a circle.

/// What is told that its loop ends, whether it has an operation in flight or not.
package protocol EndsWithLoop: AnyObject {
  /// On the loop's thread, once: no task runs any more, and operations that are begun now are cancelled at once.
  func loopEnds()
}

struct LoopDependent {
  weak var object: (any EndsWithLoop)?
}

extension EventLoop {
  /// Has the object told of the end, for as long as somebody else refers to it. On the loop's thread.
  package func tellOfEnd(_ object: any EndsWithLoop) {
    precondition(isCurrent, "the dependents of a loop belong to its thread")
    // Those that are gone leave when the array would grow.
    if dependents.count == dependents.capacity { dependents.removeAll { $0.object == nil } }
    dependents.append(LoopDependent(object: object))
  }

  func endDependents() {
    let objects = dependents.compactMap(\.object)
    dependents = []
    for object in objects { object.loopEnds() }
  }
}
