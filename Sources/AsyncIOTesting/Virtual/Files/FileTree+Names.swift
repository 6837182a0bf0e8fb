// SPDX-License-Identifier: Apache-2.0
// What changes names: mkdir, unlink, rmdir, rename, link, symlink, with the kernel's errors in the kernel's order.

import AsyncIOCore
import Glibc

extension FileTree {
  mutating func makeDirectory(_ path: Path, at directory: Int32, mode: UInt32, now: Int64) throws(Errno) {
    let place = try place(of: path, at: directory)
    if place.inode != nil { throw Errno(EEXIST) }
    try needChange(of: place.directory)
    try needSpace(Self.blockSize)
    let number = make(
      .directory(Directory(parent: place.directory)), permissions: mode & ~umask & 0o1777, now: now)
    add(place.name, number, to: place.directory, now: now)
    post(UInt32(IN_CREATE | IN_ISDIR), in: place.directory, place.name)
  }

  mutating func makeSymbolicLink(_ path: Path, at directory: Int32, saying target: Path, now: Int64) throws(Errno) {
    if target.isEmpty { throw Errno(ENOENT) }
    if target.bytes.contains(0) { throw Errno(EINVAL) }
    if target.bytes.count >= Self.longestPath { throw Errno(ENAMETOOLONG) }
    let place = try place(of: path, at: directory)
    if place.inode != nil { throw Errno(EEXIST) }
    if place.wantsDirectory { throw Errno(ENOENT) }
    try needChange(of: place.directory)
    add(place.name, make(.link(target), permissions: 0o777, now: now), to: place.directory, now: now)
    post(UInt32(IN_CREATE), in: place.directory, place.name)
  }

  mutating func link(
    _ path: Path, at directory: Int32, to other: Path, at otherDirectory: Int32, now: Int64
  ) throws(Errno) {
    let number = try find(path, at: directory, followsLast: false)
    let place = try place(of: other, at: otherDirectory)
    if place.inode != nil { throw Errno(EEXIST) }
    if place.wantsDirectory { throw Errno(ENOENT) }
    if self.directory(number) != nil { throw Errno(EPERM) }
    try needChange(of: place.directory)
    add(place.name, number, to: place.directory, now: now)
    post(UInt32(IN_CREATE), in: place.directory, place.name)
    post(UInt32(IN_ATTRIB), on: number)
  }

  func readLink(_ path: Path, at directory: Int32) throws(Errno) -> Path {
    let number = try find(path, at: directory, followsLast: false)
    guard case .link(let target)? = inodes[number]?.content else { throw Errno(EINVAL) }
    return target
  }

  mutating func remove(_ path: Path, at directory: Int32, isDirectory: Bool, now: Int64) throws(Errno) {
    let place = try place(of: path, at: directory)
    guard let number = place.inode else { throw Errno(ENOENT) }
    if place.name.isEmpty {
      // rmdir(2): "." is EINVAL, ".." is ENOTEMPTY; the root is busy.
      if !isDirectory { throw Errno(EISDIR) }
      let last = path.components.last.map { Array($0.bytes) } ?? []
      throw Errno(last == [0x2E, 0x2E] ? ENOTEMPTY : number == Self.root ? EBUSY : EINVAL)
    }
    let own = self.directory(number)
    if isDirectory {
      guard let own else { throw Errno(ENOTDIR) }
      try needChange(of: place.directory)
      if !own.entries.isEmpty { throw Errno(ENOTEMPTY) }
    } else {
      if own != nil { throw Errno(EISDIR) }
      if place.wantsDirectory { throw Errno(ENOTDIR) }
      try needChange(of: place.directory)
    }
    if own == nil { post(UInt32(IN_ATTRIB), on: number) }
    drop(place.name, from: place.directory, now: now)
    post(UInt32(IN_DELETE) | (isDirectory ? UInt32(IN_ISDIR) : 0), in: place.directory, place.name)
  }

  mutating func rename(
    _ path: Path, at directory: Int32, to other: Path, at otherDirectory: Int32, _ mode: RenameMode, now: Int64
  ) throws(Errno) {
    let from = try place(of: path, at: directory)
    let to = try place(of: other, at: otherDirectory)
    if from.name.isEmpty { throw Errno(EBUSY) }
    if to.name.isEmpty { throw Errno(mode == .keeps ? EEXIST : EBUSY) }
    guard let number = from.inode else { throw Errno(ENOENT) }
    if mode == .keeps, to.inode != nil { throw Errno(EEXIST) }
    if mode == .exchanges {
      guard let old = to.inode else { throw Errno(ENOENT) }
      if to.wantsDirectory && self.directory(old) == nil { throw Errno(ENOTDIR) }
    }
    let isDirectory = self.directory(number) != nil
    if !isDirectory, from.wantsDirectory || mode != .exchanges && to.wantsDirectory { throw Errno(ENOTDIR) }
    // A directory can't go below itself, and what lies above can't be replaced.
    if isDirectory, isAbove(number, to.directory) { throw Errno(EINVAL) }
    if let old = to.inode, self.directory(old) != nil, isAbove(old, from.directory) {
      throw Errno(mode == .exchanges ? EINVAL : ENOTEMPTY)
    }
    try needChange(of: from.directory)
    try needChange(of: to.directory)
    guard let old = to.inode else { return move(from, to, number, now: now) }
    // Both are names of one file: nothing happens.
    if old == number { return }
    if mode == .exchanges { return exchange(from, to, number, old, now: now) }
    if let own = self.directory(old) {
      if !isDirectory { throw Errno(EISDIR) }
      if !own.entries.isEmpty { throw Errno(ENOTEMPTY) }
    } else if isDirectory {
      throw Errno(ENOTDIR)
    }
    drop(to.name, from: to.directory, now: now)
    move(from, to, number, now: now)
  }

  /// Whether a directory is the other one, or above it.
  private func isAbove(_ number: UInt64, _ other: UInt64) -> Bool {
    var current = other
    while current != number {
      guard current != Self.root, let parent = directory(current)?.parent else { return false }
      current = parent
    }
    return true
  }

  private mutating func move(_ from: Place, _ to: Place, _ number: UInt64, now: Int64) {
    // Its last name must not take the inode with it.
    inodes[number]?.opened += 1
    drop(from.name, from: from.directory, now: now)
    change(number, now: now) { $0.isRemoved = false }
    add(to.name, number, to: to.directory, now: now)
    inodes[number]?.opened -= 1
    postMove(number, from: from, to: to)
  }

  private mutating func exchange(_ from: Place, _ to: Place, _ number: UInt64, _ old: UInt64, now: Int64) {
    inodes[number]?.opened += 1
    inodes[old]?.opened += 1
    drop(from.name, from: from.directory, now: now)
    drop(to.name, from: to.directory, now: now)
    change(number, now: now) { $0.isRemoved = false }
    change(old, now: now) { $0.isRemoved = false }
    add(to.name, number, to: to.directory, now: now)
    add(from.name, old, to: from.directory, now: now)
    inodes[number]?.opened -= 1
    inodes[old]?.opened -= 1
    postMove(number, from: from, to: to)
    postMove(old, from: to, to: from)
  }

  private mutating func postMove(_ number: UInt64, from: Place, to: Place) {
    let flag = directory(number) == nil ? 0 : UInt32(IN_ISDIR)
    let cookie = watches.takeCookie()
    watches.post(UInt32(IN_MOVED_FROM) | flag, on: from.directory, name: from.name, cookie: cookie)
    watches.post(UInt32(IN_MOVED_TO) | flag, on: to.directory, name: to.name, cookie: cookie)
    watches.post(UInt32(IN_MOVE_SELF), on: number, name: nil, cookie: 0)
  }

  // MARK: - Entries

  /// The entries of a directory in the order in which they were made.
  func entries(of number: UInt64) -> [DirectoryEntry] {
    guard let directory = directory(number) else { return [] }
    return directory.entries.sorted { $0.value.cookie < $1.value.cookie }.map { name, entry in
      DirectoryEntry(name: Path(bytes: name), kind: kind(of: entry.inode), inode: entry.inode)
    }
  }

  func kind(of number: UInt64) -> FileKind {
    switch inodes[number]?.content {
    case .regular?: .regular
    case .directory?: .directory
    case .link?: .symbolicLink
    case .null?: .characterDevice
    case nil: .unknown
    }
  }
}
