// SPDX-License-Identifier: Apache-2.0
// The files of a virtual world as one value, without I/O and without a clock: the caller hands in the time. So it can
// be tested alone, and copied.
//
// What was written and what was synced are kept apart, for each inode and for each directory's entries. A read sees
// what was written. A crash (`crash()`) leaves what was synced: content by fsync of the file, names by fsync of the
// directory.
//
// Words and errors are the kernel's. There is one user, who is not root, so that permissions mean something.

import AsyncIOCore
import Glibc

/// A file system in memory.
struct FileTree {
  typealias Name = [UInt8]

  /// A file, a directory or a symbolic link.
  struct Inode {
    enum Content {
      case regular([UInt8])
      case directory(Directory)
      case link(Path)
      /// /dev/null: empty, and takes everything.
      case null
    }

    var content: Content
    var permissions: UInt32
    var owner: UInt32
    var group: UInt32
    /// How many names it has; of a directory 2 and one for each directory in it.
    var links: Int
    var accessed: Int64
    var modified: Int64
    var changed: Int64
    let born: Int64
    /// How many descriptors are open. Without names and descriptors it goes.
    var opened = 0
    /// What the disk has; nil: not even that it exists.
    var synced: Synced?
  }

  struct Directory {
    struct Entry {
      let inode: UInt64
      /// Its place in the order in which the entries were made, by which a reading goes on.
      let cookie: UInt64
    }

    var entries: [Name: Entry] = [:]
    /// The directory above; of the root itself.
    var parent: UInt64
    var nextCookie: UInt64 = 1
    /// Whether it was removed while somebody had it open: nothing can be made in it.
    var isRemoved = false

    mutating func add(_ name: Name, _ inode: UInt64) {
      entries[name] = Entry(inode: inode, cookie: nextCookie)
      nextCookie += 1
    }
  }

  /// What a crash leaves of an inode.
  struct Synced {
    enum Content {
      case regular([UInt8])
      case directory([Name: UInt64])
      case link(Path)
      case null
    }

    var content: Content
    var permissions: UInt32
  }

  static let root: UInt64 = 1
  static let user: UInt32 = 1000
  static let blockSize = 4096
  /// The largest file of ext4; beyond it EFBIG.
  static let largestFile = 1 << 44

  var inodes: [UInt64: Inode] = [:]
  private var nextInode = root + 1
  var descriptions: [UInt64: OpenDescription] = [:]
  var descriptors: [Int32: UInt64] = [:]
  var nextDescription: UInt64 = 1
  var locks = FileLocks()
  var watches = FileWatches()
  /// Where paths that are not absolute begin.
  var workingDirectory = root
  var umask: UInt32 = 0o022
  /// What the files may take in all, in bytes; beyond that ENOSPC.
  var capacity = 1 << 32
  /// What they take now.
  private(set) var used = 0
  /// Writing fails with EROFS.
  var isReadOnly = false
  /// How many descriptors may be open; one more is EMFILE.
  var descriptorLimit = 65_536

  /// A tree with `/`, `/tmp` that everybody may write to, and `/dev/null`.
  init(now: Int64 = 0) {
    inodes[Self.root] = Inode(
      content: .directory(Directory(parent: Self.root)), permissions: 0o755, owner: Self.user, group: Self.user,
      links: 2,
      accessed: now, modified: now, changed: now, born: now,
      synced: Synced(content: .directory([:]), permissions: 0o755))
    let temporary = make(.directory(Directory(parent: Self.root)), permissions: 0o1777, now: now)
    add(Array("tmp".utf8), temporary, to: Self.root, now: now)
    let devices = make(.directory(Directory(parent: Self.root)), permissions: 0o555, now: now)
    add(Array("dev".utf8), devices, to: Self.root, now: now)
    add(Array("null".utf8), make(.null, permissions: 0o666, now: now), to: devices, now: now)
    sync(temporary)
    sync(devices)
    sync(Self.root)
  }

  // MARK: - Inodes

  /// Makes an inode that has no name yet.
  mutating func make(_ content: Inode.Content, permissions: UInt32, now: Int64) -> UInt64 {
    let number = nextInode
    nextInode += 1
    inodes[number] = Inode(
      content: content, permissions: permissions, owner: Self.user, group: Self.user, links: 0, accessed: now,
      modified: now, changed: now, born: now)
    return number
  }

  /// Gives an inode a name in a directory.
  mutating func add(_ name: Name, _ number: UInt64, to directory: UInt64, now: Int64) {
    change(directory, now: now) { $0.add(name, number) }
    inodes[number]?.changed = now
    if case .directory(var own)? = inodes[number]?.content {
      own.parent = directory
      inodes[number]?.content = .directory(own)
      let below = subdirectories(of: own)
      inodes[number]?.links = 2 + below
      inodes[directory]?.links += 1
    } else {
      inodes[number]?.links += 1
    }
  }

  /// Takes a name away, and the inode with its last one.
  mutating func drop(_ name: Name, from directory: UInt64, now: Int64) {
    guard let number = self.directory(directory)?.entries[name]?.inode else { return }
    change(directory, now: now) { $0.entries[name] = nil }
    inodes[number]?.changed = now
    if case .directory? = inodes[number]?.content {
      inodes[number]?.links = 0
      inodes[directory]?.links -= 1
      change(number, now: now) { $0.isRemoved = true }
    } else {
      inodes[number]?.links -= 1
    }
    freeIfUnused(number)
  }

  mutating func freeIfUnused(_ number: UInt64) {
    guard let inode = inodes[number], inode.links == 0, inode.opened == 0 else { return }
    watches.inodeIsGone(number)
    used -= Self.size(of: inode)
    inodes[number]?.content = .regular([])
    // A crash may bring it back, by a name that the disk still has.
    if inode.synced == nil { inodes[number] = nil }
  }

  func directory(_ number: UInt64) -> Directory? {
    if case .directory(let directory)? = inodes[number]?.content { directory } else { nil }
  }

  mutating func change(_ number: UInt64, now: Int64, _ body: (inout Directory) -> Void) {
    guard case .directory(var directory)? = inodes[number]?.content else { return }
    // The entries are changed in place: nobody else may hold them meanwhile.
    inodes[number]?.content = .regular([])
    body(&directory)
    inodes[number]?.content = .directory(directory)
    inodes[number]?.modified = now
    inodes[number]?.changed = now
  }

  private func subdirectories(of directory: Directory) -> Int {
    directory.entries.values.count { self.directory($0.inode) != nil }
  }

  static func size(of inode: Inode) -> Int {
    switch inode.content {
    case .regular(let bytes): bytes.count
    case .directory: blockSize
    case .link(let target): target.bytes.count
    case .null: 0
    }
  }

  /// Changes a file's bytes in place, and counts what they take. Nil if it isn't a regular file.
  mutating func changeBytes<Result>(of number: UInt64, _ body: (inout [UInt8]) -> Result) -> Result? {
    guard case .regular(var bytes)? = inodes[number]?.content else { return nil }
    inodes[number]?.content = .regular([])
    let before = bytes.count
    let result = body(&bytes)
    used += bytes.count - before
    inodes[number]?.content = .regular(bytes)
    return result
  }

  // MARK: - The disk

  /// fsync(2): the inode is on the disk as it is now; a directory with its entries.
  mutating func sync(_ number: UInt64) {
    guard let inode = inodes[number] else { return }
    let content: Synced.Content =
      switch inode.content {
      case .regular(let bytes): .regular(bytes)
      case .directory(let directory): .directory(directory.entries.mapValues(\.inode))
      case .link(let target): .link(target)
      case .null: .null
      }
    inodes[number]?.synced = Synced(content: content, permissions: inode.permissions)
    // An inode that a synced directory names exists, if only as an empty file: journals keep that much.
    if case .directory(let entries) = content {
      for child in entries.values where inodes[child]?.synced == nil {
        guard let made = inodes[child] else { continue }
        let empty: Synced.Content =
          switch made.content {
          case .regular: .regular([])
          case .directory: .directory([:])
          case .link(let target): .link(target)
          case .null: .null
          }
        inodes[child]?.synced = Synced(content: empty, permissions: made.permissions)
      }
    }
  }

  /// The files as a machine finds them that lost its power: what was synced. All descriptors are gone.
  mutating func crash(now: Int64) {
    descriptions = [:]
    descriptors = [:]
    locks = FileLocks()
    watches = FileWatches()
    var restored: [UInt64: Inode] = [:]
    restore(Self.root, parent: Self.root, into: &restored, now: now)
    inodes = restored
    used = inodes.values.reduce(0) { $0 + Self.size(of: $1) }
    if inodes[workingDirectory] == nil { workingDirectory = Self.root }
  }

  private func restore(_ number: UInt64, parent: UInt64, into restored: inout [UInt64: Inode], now: Int64) {
    guard let old = inodes[number], let synced = old.synced else { return }
    if restored[number] != nil {
      restored[number]?.links += 1
      return
    }
    var inode = Inode(
      content: .regular([]), permissions: synced.permissions, owner: old.owner, group: old.group, links: 1,
      accessed: now, modified: now, changed: now, born: old.born, synced: synced)
    switch synced.content {
    case .regular(let bytes): inode.content = .regular(bytes)
    case .link(let target): inode.content = .link(target)
    case .null: inode.content = .null
    case .directory(let entries):
      restored[number] = inode
      var directory = Directory(parent: parent)
      for (name, child) in entries.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
        restore(child, parent: number, into: &restored, now: now)
        if restored[child] != nil { directory.add(name, child) }
      }
      inode.links =
        2 + directory.entries.values.count { if case .directory? = restored[$0.inode]?.content { true } else { false } }
      inode.content = .directory(directory)
    }
    restored[number] = inode
  }
}
