// SPDX-License-Identifier: Apache-2.0
// The way into a loop from other threads: a stack of items. Any thread pushes (compare-and-swap on its head, a Treiber
// stack); only the loop's thread takes, and always the whole stack. The items link through themselves, so entering
// allocates nothing. No node is popped singly, so there is neither an ABA problem nor reclamation.
//
// The head `closed` ends it: a push then fails, in the very atomic step in which it would have entered. So nothing is
// lost between the last look and the end of the loop.

import Synchronization

struct Inbox: ~Copyable {
  private static var empty: UInt { 0 }
  /// No item has this word: kind 7 does not exist.
  private static var closed: UInt { 7 }

  private let head = Atomic<UInt>(Inbox.empty)

  enum Pushed {
    case first, followed, closed
  }

  /// Pushes an item, from any thread. `first` means that the inbox was empty, so a sleeping loop may need a wake-up.
  func push(_ item: ReadyItem) -> Pushed {
    var current = head.load(ordering: .relaxed)
    while true {
      if current == Inbox.closed { return .closed }
      item.setLink(current)
      let (exchanged, original) = head.weakCompareExchange(
        expected: current, desired: item.word, successOrdering: .sequentiallyConsistent, failureOrdering: .relaxed)
      if exchanged { return original == Inbox.empty ? .first : .followed }
      current = original
    }
  }

  @inline(__always)
  var isEmpty: Bool { head.load(ordering: .sequentiallyConsistent) == Inbox.empty }

  @inline(__always)
  var looksEmpty: Bool { head.load(ordering: .relaxed) == Inbox.empty }

  /// Moves everything to the run queue, in the order of arrival. Only on the loop's thread.
  func drain(into ready: inout RunQueue) {
    Inbox.appendReversed(head.exchange(Inbox.empty, ordering: .acquiring), to: &ready)
  }

  /// Moves everything to the run queue, and closes the inbox. Only on the loop's thread.
  func close(into ready: inout RunQueue) {
    let last = head.exchange(Inbox.closed, ordering: .acquiringAndReleasing)
    if last != Inbox.closed { Inbox.appendReversed(last, to: &ready) }
  }

  private static func appendReversed(_ last: UInt, to ready: inout RunQueue) {
    var reversed = Inbox.empty
    var word = last
    while word != Inbox.empty {
      let item = ReadyItem(word: word)
      let next = item.link
      item.setLink(reversed)
      reversed = word
      word = next
    }
    while reversed != Inbox.empty {
      let item = ReadyItem(word: reversed)
      reversed = item.link
      ready.append(item)
    }
  }
}

extension ReadyItem {
  /// The item after this one, while both are in an inbox.
  var link: UInt {
    kind == .handle ? peekHandle().inboxLink : withLink(of: job) { $0 }
  }

  func setLink(_ link: UInt) {
    if kind == .handle {
      peekHandle().inboxLink = link
    } else {
      withLink(of: job) { $0 = link }
    }
  }

  private func peekHandle() -> Handle {
    // Safety: the item holds a reference to the handle until `takeHandle`.
    unsafe Unmanaged<Handle>.fromOpaque(
      UnsafeRawPointer(bitPattern: word & ~Self.kindMask).unsafelyUnwrapped
    ).takeUnretainedValue()
  }
}
