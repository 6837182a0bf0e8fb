// SPDX-License-Identifier: Apache-2.0
// inotify(7): instances, their watches of inodes, and what has happened. Two equal events in a row are one, as in the
// kernel; beyond a number of events that wait, one says that others were lost.

import AsyncIOCore
import Glibc

struct FileWatches {
  private struct Instance {
    /// The watched inodes by their numbers.
    var watched: [Int32: (inode: UInt64, mask: UInt32)] = [:]
    var nextNumber: Int32 = 1
    var changes: [FileChange] = []
  }

  /// What may wait to be read (fs.inotify.max_queued_events).
  static let mostChanges = 16_384

  /// IN_ALL_EVENTS.
  static let allEvents: UInt32 = 0xFFF

  private var instances: [UInt64: Instance] = [:]
  private var lastCookie: UInt32 = 0
  /// Instances that had nothing to read, and have now.
  private(set) var readable: Set<UInt64> = []

  mutating func open(_ id: UInt64) { instances[id] = Instance() }
  mutating func close(_ id: UInt64) { instances[id] = nil }
  func isOpen(_ id: UInt64) -> Bool { instances[id] != nil }
  func hasChanges(_ id: UInt64) -> Bool { instances[id].map { !$0.changes.isEmpty } ?? false }

  /// What is watched by somebody.
  var watchedInodes: Set<UInt64> { Set(instances.values.flatMap { $0.watched.values.map(\.inode) }) }

  /// Forgets who became readable, and returns them.
  mutating func takeReadable() -> Set<UInt64> {
    defer { readable = [] }
    return readable
  }

  mutating func takeCookie() -> UInt32 {
    lastCookie &+= 1
    return lastCookie
  }

  /// Watches an inode; a second watch of it is the first one with the new mask.
  mutating func watch(_ inode: UInt64, mask: UInt32, of id: UInt64) -> Int32 {
    guard var instance = instances[id] else { return -1 }
    defer { instances[id] = instance }
    if let known = instance.watched.first(where: { $0.value.inode == inode }) {
      let adds = mask & UInt32(IN_MASK_ADD) != 0
      instance.watched[known.key] = (inode, adds ? known.value.mask | mask : mask)
      return known.key
    }
    let number = instance.nextNumber
    instance.nextNumber += 1
    instance.watched[number] = (inode, mask)
    return number
  }

  /// False if the instance has no such watch.
  mutating func unwatch(_ number: Int32, of id: UInt64) -> Bool {
    guard instances[id]?.watched.removeValue(forKey: number) != nil else { return false }
    append(FileChange(number: number, mask: UInt32(IN_IGNORED), cookie: 0, name: nil), to: id)
    return true
  }

  mutating func takeChanges(of id: UInt64) -> [FileChange] {
    defer { instances[id]?.changes = [] }
    return instances[id]?.changes ?? []
  }

  /// Tells all who watch an inode.
  mutating func post(_ mask: UInt32, on inode: UInt64, name: [UInt8]?, cookie: UInt32) {
    // No instance is held while its changes grow: the array would be copied.
    for (id, watched) in instances.mapValues(\.watched) {
      for (number, watch) in watched where watch.inode == inode && watch.mask & mask & Self.allEvents != 0 {
        append(FileChange(number: number, mask: mask, cookie: cookie, name: name.map { Path(bytes: $0) }), to: id)
        if watch.mask & UInt32(IN_ONESHOT) != 0 { _ = unwatch(number, of: id) }
      }
    }
  }

  /// An inode has neither names nor descriptors: its watches end.
  mutating func inodeIsGone(_ inode: UInt64) {
    post(UInt32(IN_DELETE_SELF), on: inode, name: nil, cookie: 0)
    for (id, watched) in instances.mapValues(\.watched) {
      for (number, watch) in watched where watch.inode == inode { _ = unwatch(number, of: id) }
    }
  }

  private mutating func append(_ change: FileChange, to id: UInt64) {
    // Looked at without a copy, which the next append would have to make.
    guard let count = instances[id]?.changes.count else { return }
    let last = instances[id]?.changes.last
    if last == change { return }
    if count == 0 { readable.insert(id) }
    if count < Self.mostChanges {
      instances[id]?.changes.append(change)
    } else if last?.mask != UInt32(IN_Q_OVERFLOW) {
      instances[id]?.changes.append(FileChange(number: -1, mask: UInt32(IN_Q_OVERFLOW), cookie: 0, name: nil))
    }
  }
}

extension FileTree {
  /// Something has happened to an entry of a directory.
  mutating func post(_ mask: UInt32, in directory: UInt64, _ name: Name) {
    watches.post(mask, on: directory, name: name, cookie: 0)
  }

  /// Something has happened to a file: who watches it is told, and who watches a directory that has it.
  mutating func post(_ mask: UInt32, on number: UInt64) {
    watches.post(mask, on: number, name: nil, cookie: 0)
    for (directory, name) in names(of: number) {
      watches.post(self.directory(number) == nil ? mask : mask | UInt32(IN_ISDIR), on: directory, name: name, cookie: 0)
    }
  }

  mutating func postClose(_ description: OpenDescription) {
    post(UInt32(description.mayWrite ? IN_CLOSE_WRITE : IN_CLOSE_NOWRITE), on: description.inode)
  }

  /// The directories that somebody watches and that have a file, with its names there.
  private func names(of number: UInt64) -> [(UInt64, Name)] {
    watches.watchedInodes.flatMap { directory -> [(UInt64, Name)] in
      guard let entries = self.directory(directory)?.entries else { return [] }
      return entries.compactMap { $0.value.inode == number ? (directory, $0.key) : nil }
    }
  }

  mutating func openWatch() throws(Errno) -> Int32 {
    guard descriptors.count < descriptorLimit else { throw Errno(EMFILE) }
    let id = nextDescription
    nextDescription += 1
    watches.open(id)
    var descriptor = Self.firstDescriptor + Int32(descriptors.count)
    while descriptors[descriptor] != nil { descriptor += 1 }
    descriptors[descriptor] = id
    return descriptor
  }

  mutating func watch(_ path: Path, mask: UInt32, with descriptor: Int32) throws(Errno) -> Int32 {
    let id = try instance(descriptor)
    let number = try find(path, at: AT_FDCWD, followsLast: mask & UInt32(IN_DONT_FOLLOW) == 0)
    try need(4, on: number)
    if mask & UInt32(IN_ONLYDIR) != 0, directory(number) == nil { throw Errno(ENOTDIR) }
    if mask & FileWatches.allEvents == 0 { throw Errno(EINVAL) }
    return watches.watch(number, mask: mask, of: id)
  }

  mutating func unwatch(_ number: Int32, with descriptor: Int32) throws(Errno) {
    let id = try instance(descriptor)
    if !watches.unwatch(number, of: id) { throw Errno(EINVAL) }
  }

  mutating func readChanges(of descriptor: Int32) throws(Errno) -> [FileChange] {
    watches.takeChanges(of: try instance(descriptor))
  }

  /// Whether a watch's descriptor has something to read; nil if the number is not one.
  func isReadable(_ descriptor: Int32) -> Bool? {
    guard let id = descriptors[descriptor], watches.isOpen(id) else { return nil }
    return watches.hasChanges(id)
  }

  private func instance(_ descriptor: Int32) throws(Errno) -> UInt64 {
    guard let id = descriptors[descriptor] else { throw Errno(EBADF) }
    guard watches.isOpen(id) else { throw Errno(EINVAL) }
    return id
  }
}
