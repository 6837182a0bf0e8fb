// SPDX-License-Identifier: Apache-2.0
// Tries every order of events. A body calls `pick` wherever it could continue in more than one way. It is run
// repeatedly, from the start, until each sequence of answers has occurred once. The tree of answers is walked depth
// first. A run is identified by its answers, which a failure shows.

/// Answers how to continue.
struct Choices {
  private(set) var answers: [Int] = []
  private var alternatives: [Int] = []
  private var asked = 0

  /// A number from 0 up to `count`, exclusive; each occurs in some run.
  mutating func pick(_ count: Int) -> Int {
    precondition(count > 0, "there is nothing to choose from")
    defer { asked += 1 }
    if asked < answers.count {
      precondition(alternatives[asked] == count, "the body is not deterministic")
    } else {
      answers.append(0)
      alternatives.append(count)
    }
    return answers[asked]
  }

  /// Goes to the next sequence of answers. Returns false after the last.
  fileprivate mutating func advance() -> Bool {
    asked = 0
    while let last = answers.popLast() {
      let count = alternatives.removeLast()
      if last + 1 < count {
        answers.append(last + 1)
        alternatives.append(count)
        return true
      }
    }
    return false
  }
}

/// Runs the body once for every sequence of choices, and returns how many there were.
@discardableResult
func explore(limit: Int = 2_000_000, _ body: (inout Choices) throws -> Void) rethrows -> Int {
  var choices = Choices()
  var runs = 0
  repeat {
    try body(&choices)
    runs += 1
    precondition(runs < limit, "there are more than \(limit) orders of events: make the scenario smaller")
  } while choices.advance()
  return runs
}
