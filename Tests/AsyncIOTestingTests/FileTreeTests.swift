// SPDX-License-Identifier: Apache-2.0
// What random calls don't show: crashes, limits, permissions, locks and watches.

import AsyncIOCore
import Glibc
import Testing

@testable import AsyncIOTesting

private let here = AT_FDCWD

extension FileTree {
  fileprivate mutating func write(_ path: Path, _ text: String, flags: Int32 = O_CREAT | O_TRUNC) throws(Errno) -> Int32
  {
    let number = try open(path, at: here, flags: flags | O_RDWR, mode: 0o666, now: 1)
    try write(number, text)
    return number
  }

  fileprivate mutating func write(_ number: Int32, _ text: String) throws(Errno) {
    let count = try count(number, text)
    #expect(count == text.utf8.count)
  }

  /// Writes a text, and returns how many bytes of it there was room for.
  fileprivate mutating func count(_ number: Int32, _ text: String, at offset: Int? = nil) throws(Errno) -> Int {
    let bytes = Array(text.utf8)
    var tree = self
    let result = bytes.withUnsafeBytes { bytes in
      Result { () throws(Errno) in try tree.write(number, at: offset, [bytes], now: 2) }
    }
    self = tree
    return try result.get()
  }

  fileprivate mutating func content(_ path: Path) -> String? {
    guard let number = try? open(path, at: here, flags: O_RDONLY, mode: 0, now: 3) else { return nil }
    defer { try? close(number) }
    return (try? read(number, at: 0, upTo: 1000, now: 3)).map { String(decoding: $0, as: UTF8.self) }
  }
}

private func code(_ body: () throws(Errno) -> Void) -> Int32 {
  do throws(Errno) {
    try body()
    return 0
  } catch { return error.code }
}

@Suite struct FileTreeTests {
  @Test func `a crash leaves what was synced`() throws {
    var tree = FileTree()
    // A name that is on the disk, content that is not.
    let lost = try tree.write("/tmp/lost", "content")
    let kept = try tree.write("/tmp/kept", "old")
    tree.sync(try tree.description(kept).inode)
    let nameless = try tree.write("/tmp/nameless", "synced, but its name is not")
    tree.sync(try tree.find("/tmp", at: here))
    try tree.remove("/tmp/nameless", at: here, isDirectory: false, now: 4)
    tree.sync(try tree.find("/tmp", at: here))
    try tree.write(kept, " and new")
    let unnamed = try tree.write("/tmp/unnamed", "x")
    tree.sync(try tree.description(unnamed).inode)
    try tree.remove("/tmp/lost", at: here, isDirectory: false, now: 5)
    _ = (lost, nameless)
    tree.crash(now: 9)
    #expect(tree.content("/tmp/kept") == "old")
    #expect(tree.content("/tmp/lost") == "", "its removal was not synced, nor was its content")
    #expect(tree.content("/tmp/nameless") == nil)
    #expect(tree.content("/tmp/unnamed") == nil)
    #expect(tree.descriptors.isEmpty)
    #expect(code { () throws(Errno) in _ = try tree.description(kept) } == EBADF)
  }

  @Test func `a rename is on the disk with its directory`() throws {
    for syncsDirectory in [false, true] {
      var tree = FileTree()
      let old = try tree.write("/tmp/a", "old")
      tree.sync(try tree.description(old).inode)
      tree.sync(try tree.find("/tmp", at: here))
      let new = try tree.write("/tmp/a.new", "new")
      tree.sync(try tree.description(new).inode)
      try tree.rename("/tmp/a.new", at: here, to: "/tmp/a", at: here, .replaces, now: 5)
      if syncsDirectory { tree.sync(try tree.find("/tmp", at: here)) }
      tree.crash(now: 9)
      #expect(tree.content("/tmp/a") == (syncsDirectory ? "new" : "old"))
      #expect(tree.content("/tmp/a.new") == nil)
    }
  }

  @Test func `names of one file stay one file after a crash`() throws {
    var tree = FileTree()
    let number = try tree.write("/tmp/a", "x")
    try tree.link("/tmp/a", at: here, to: "/tmp/b", at: here, now: 1)
    tree.sync(try tree.description(number).inode)
    tree.sync(try tree.find("/tmp", at: here))
    tree.crash(now: 2)
    let (a, b) = (try tree.find("/tmp/a", at: here), try tree.find("/tmp/b", at: here))
    #expect(a == b)
    #expect(try tree.status(of: a).links == 2)
  }

  @Test func `a file without a name lives until it is closed`() throws {
    var tree = FileTree()
    let number = try tree.write("/tmp/a", "text")
    let inode = try tree.description(number).inode
    try tree.remove("/tmp/a", at: here, isDirectory: false, now: 1)
    #expect(try tree.status(of: inode).links == 0)
    let text = try tree.read(number, at: 0, upTo: 10, now: 1)
    #expect(text == Array("text".utf8))
    try tree.close(number)
    #expect(tree.inodes[inode] == nil)
  }

  @Test func `a full disk takes what fits, then nothing`() throws {
    var tree = FileTree()
    tree.capacity = tree.used + 10
    let number = try tree.write("/tmp/a", "12345678")
    let count = try tree.count(number, "90ab")
    #expect(count == 2)
    #expect(code { () throws(Errno) in try tree.truncate(number, to: 11, now: 1) } == ENOSPC)
    #expect(code { () throws(Errno) in _ = try tree.count(number, "c") } == ENOSPC)
    // What is there can be written again.
    let again = try tree.count(number, "XX", at: 0)
    #expect(again == 2)
    try tree.remove("/tmp/a", at: here, isDirectory: false, now: 1)
    try tree.close(number)
    #expect(tree.used == tree.capacity - 10)
  }

  @Test func `permissions are asked of every directory on the way`() throws {
    var tree = FileTree()
    try tree.makeDirectory("/tmp/d", at: here, mode: 0o777, now: 1)
    _ = try tree.write("/tmp/d/f", "x")
    let (directory, file) = (try tree.find("/tmp/d", at: here), try tree.find("/tmp/d/f", at: here))
    try tree.setPermissions(0o600, of: directory, now: 1)
    #expect(code { () throws(Errno) in _ = try tree.find("/tmp/d/f", at: here) } == EACCES)
    try tree.setPermissions(0o500, of: directory, now: 1)
    #expect(code { () throws(Errno) in try tree.remove("/tmp/d/f", at: here, isDirectory: false, now: 1) } == EACCES)
    try tree.setPermissions(0o000, of: file, now: 1)
    #expect(
      code { () throws(Errno) in _ = try tree.open("/tmp/d/f", at: here, flags: O_RDONLY, mode: 0, now: 1) } == EACCES)
    #expect(code { () throws(Errno) in try tree.access("/tmp/d/f", at: here, mode: R_OK) } == EACCES)
    #expect(code { () throws(Errno) in try tree.setOwner(0, group: nil, of: file, now: 1) } == EPERM)
    tree.isReadOnly = true
    #expect(code { () throws(Errno) in _ = try tree.write("/tmp/n", "x") } == EROFS)
  }

  @Test func `names and paths have their limits`() throws {
    var tree = FileTree()
    let long = String(repeating: "n", count: 256)
    #expect(code { () throws(Errno) in _ = try tree.write(Path("/tmp/" + long), "x") } == ENAMETOOLONG)
    #expect(
      code { () throws(Errno) in _ = try tree.find(Path(String(repeating: "/a", count: 2048)), at: here) }
        == ENAMETOOLONG)
    #expect(code { () throws(Errno) in _ = try tree.find("", at: here) } == ENOENT)
    #expect(code { () throws(Errno) in _ = try tree.find("/a\0b", at: here) } == EINVAL)
    try tree.makeSymbolicLink("/tmp/loop", at: here, saying: "loop", now: 1)
    #expect(code { () throws(Errno) in _ = try tree.find("/tmp/loop", at: here) } == ELOOP)
    tree.descriptorLimit = 1
    _ = try tree.write("/tmp/a", "x")
    #expect(code { () throws(Errno) in _ = try tree.write("/tmp/b", "x") } == EMFILE)
  }

  @Test func `names need not be UTF-8`() throws {
    var tree = FileTree()
    let name: [UInt8] = [0xFF, 0xFE, 0x0A]
    _ = try tree.write(Path(bytes: Array("/tmp/".utf8) + name), "x")
    #expect(tree.entries(of: try tree.find("/tmp", at: here)).map { Array($0.name.bytes) } == [name])
  }

  @Test func `locks belong to the open file`() throws {
    var locks = FileLocks()
    func set(_ lock: FileLock, of inode: UInt64, from offset: Int, count: Int, owner: UInt64) -> Bool {
      locks.set(lock, of: inode, from: offset, count: count, owner: owner)
    }
    #expect(set(.exclusive, of: 1, from: 0, count: 10, owner: 1))
    #expect(!set(.shared, of: 1, from: 5, count: 1, owner: 2))
    #expect(set(.shared, of: 1, from: 10, count: 0, owner: 2))
    #expect(set(.exclusive, of: 2, from: 0, count: 0, owner: 2))
    // A hole in one's own lock lets another one in.
    #expect(set(.unlocked, of: 1, from: 4, count: 2, owner: 1))
    #expect(set(.exclusive, of: 1, from: 4, count: 2, owner: 3))
    #expect(!set(.exclusive, of: 1, from: 3, count: 1, owner: 3))
    #expect(!set(.exclusive, of: 1, from: 6, count: 1, owner: 3))
    #expect(set(.shared, of: 1, from: 0, count: 4, owner: 1), "one's own lock can be changed")
    #expect(set(.shared, of: 1, from: 0, count: 4, owner: 4))
    locks.close(1, inode: 1)
    #expect(!set(.exclusive, of: 1, from: 0, count: 4, owner: 3))
    locks.close(4, inode: 1)
    #expect(set(.exclusive, of: 1, from: 0, count: 4, owner: 3))
  }

  @Test func `a watch tells what has happened, in order`() throws {
    var tree = FileTree()
    try tree.makeDirectory("/tmp/d", at: here, mode: 0o777, now: 1)
    let watch = try tree.openWatch()
    let number = try tree.watch("/tmp/d", mask: FileWatches.allEvents, with: watch)
    #expect(tree.isReadable(watch) == false)
    let file = try tree.write("/tmp/d/a", "x")
    try tree.write(file, "y")
    try tree.close(file)
    try tree.rename("/tmp/d/a", at: here, to: "/tmp/d/b", at: here, .replaces, now: 1)
    try tree.remove("/tmp/d/b", at: here, isDirectory: false, now: 1)
    #expect(tree.isReadable(watch) == true)
    let changes = try tree.readChanges(of: watch)
    let masks = changes.map(\.mask)
    #expect(masks.contains(UInt32(IN_CREATE)) && changes.allSatisfy { $0.number == number })
    let order = [IN_CREATE, IN_MODIFY, IN_CLOSE_WRITE, IN_MOVED_FROM, IN_MOVED_TO, IN_DELETE].map { UInt32($0) }
    #expect(masks.filter(order.contains) == order, "two equal events in a row are one")
    let moves = changes.filter { $0.cookie != 0 }
    #expect(moves.count == 2 && moves[0].cookie == moves[1].cookie)
    #expect(moves.map(\.name) == ["a", "b"])
    try tree.remove("/tmp/d", at: here, isDirectory: true, now: 1)
    let last = try tree.readChanges(of: watch)
    #expect(last.map(\.mask) == [UInt32(IN_DELETE_SELF), UInt32(IN_IGNORED)])
  }

  @Test func `too many changes are one overflow`() throws {
    var watches = FileWatches()
    watches.open(1)
    let number = watches.watch(7, mask: FileWatches.allEvents, of: 1)
    for index in 0..<20_000 { watches.post(UInt32(IN_CREATE), on: 7, name: Array("\(index)".utf8), cookie: 0) }
    let changes = watches.takeChanges(of: 1)
    #expect(changes.count == FileWatches.mostChanges + 1)
    #expect(changes.last == FileChange(number: -1, mask: UInt32(IN_Q_OVERFLOW), cookie: 0, name: nil))
    let (first, second) = (watches.unwatch(number, of: 1), watches.unwatch(number, of: 1))
    #expect(first && !second)
  }
}
