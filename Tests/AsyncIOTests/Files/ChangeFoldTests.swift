// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AsyncIO

@Suite("What a window of file events comes to") struct ChangeFoldTests {
  private func fold(_ events: (ChangeFold.Raw, Path)...) -> [String] {
    var fold = ChangeFold()
    for (raw, path) in events { fold.add(raw, path) }
    let taken = fold.take().map(\.description)
    #expect(fold.isEmpty)
    return taken
  }

  @Test func `one file's changes come to one`() {
    #expect(fold((.created, "a"), (.modified, "a"), (.attributesChanged, "a")) == ["created a"])
    #expect(fold((.attributesChanged, "a"), (.modified, "a")) == ["modified a"])
    #expect(fold((.modified, "a"), (.removed, "a")) == ["removed a"])
    #expect(fold((.created, "a"), (.modified, "a"), (.removed, "a")) == [])
    #expect(fold((.removed, "a"), (.created, "a"), (.modified, "a")) == ["replaced a"])
    #expect(fold((.modified, "b"), (.created, "a"), (.modified, "b")) == ["modified b", "created a"])
  }

  @Test func `an atomic save is one change`() {
    #expect(
      fold((.created, "a.tmp"), (.modified, "a.tmp"), (.movedAway(cookie: 1), "a.tmp"), (.movedHere(cookie: 1), "a"))
        == ["replaced a"])
    // As vim saves: the old file is kept until the new one is written.
    #expect(
      fold(
        (.movedAway(cookie: 1), "a"), (.movedHere(cookie: 1), "a~"), (.created, "a"), (.modified, "a"),
        (.removed, "a~")) == ["replaced a"])
  }

  @Test func `renames are told by both names`() {
    #expect(fold((.movedAway(cookie: 1), "a"), (.movedHere(cookie: 1), "b")) == ["renamed a to b"])
    #expect(
      fold(
        (.movedAway(cookie: 1), "a"), (.movedHere(cookie: 1), "b"), (.movedAway(cookie: 2), "b"),
        (.movedHere(cookie: 2), "c")) == ["renamed a to c"])
    #expect(
      fold(
        (.movedAway(cookie: 1), "a"), (.movedHere(cookie: 1), "b"), (.movedAway(cookie: 2), "b"),
        (.movedHere(cookie: 2), "a")) == [])
    #expect(fold((.movedAway(cookie: 1), "a"), (.movedHere(cookie: 1), "b"), (.removed, "b")) == ["removed a"])
    #expect(fold((.movedAway(cookie: 1), "a")) == ["removed a"])
    #expect(fold((.movedHere(cookie: 1), "a")) == ["replaced a"])
  }

  @Test func `an overflow is told last`() {
    var fold = ChangeFold()
    fold.overflow()
    fold.add(.created, "a")
    #expect(fold.take() == [FileEvent(.created, "a"), FileEvent(.overflow, "")])
  }
}
