// SPDX-License-Identifier: Apache-2.0
// Open files. A descriptor names an open file description (open(2), "Open file descriptions"), which has the position,
// the flags, and the locks.

import AsyncIOCore
import Glibc

/// What open(2) makes.
struct OpenDescription {
  let inode: UInt64
  let flags: Int32
  var position = 0
  /// The entries of a directory that are still to be read: those that it had at the first reading.
  var listing: ArraySlice<DirectoryEntry>?

  var mayRead: Bool { flags & O_ACCMODE != O_WRONLY }
  var mayWrite: Bool { flags & O_ACCMODE != O_RDONLY }
}

extension FileTree {
  /// Numbers that no socket of the virtual network has.
  static let firstDescriptor: Int32 = 1 << 28
  /// O_TMPFILE, which Glibc's overlay lacks.
  static let nameless: Int32 = 0o20000000 | O_DIRECTORY

  func description(_ descriptor: Int32) throws(Errno) -> OpenDescription {
    guard let id = descriptors[descriptor], let description = descriptions[id] else { throw Errno(EBADF) }
    return description
  }

  mutating func open(
    _ path: Path, at directory: Int32, flags: Int32, mode: UInt32, now: Int64
  ) throws(Errno) -> Int32 {
    guard descriptors.count < descriptorLimit else { throw Errno(EMFILE) }
    let writes = flags & O_ACCMODE != O_RDONLY
    if flags & Self.nameless == Self.nameless { return try openNameless(path, at: directory, flags, mode, now: now) }
    let creates = flags & O_CREAT != 0
    let hasSlash = path.bytes.last == UInt8(ascii: "/")
    // No file is made by a name with a slash behind it, whatever is there.
    if creates && hasSlash, try !self.place(of: path, at: directory).name.isEmpty { throw Errno(EISDIR) }
    let follows = hasSlash || flags & O_NOFOLLOW == 0 && !(creates && flags & O_EXCL != 0)
    let place = try place(of: path, at: directory, followsLast: follows)
    guard let number = place.inode else {
      if !creates { throw Errno(ENOENT) }
      if place.wantsDirectory { throw Errno(EISDIR) }
      try needChange(of: place.directory)
      let made = make(.regular([]), permissions: mode & ~umask & 0o7777, now: now)
      add(place.name, made, to: place.directory, now: now)
      post(UInt32(IN_CREATE), in: place.directory, place.name)
      return describe(made, flags)
    }
    if creates && flags & O_EXCL != 0 { throw Errno(EEXIST) }
    switch inodes[number]?.content {
    case .link?: throw Errno(ELOOP)
    case .directory?:
      if writes || creates { throw Errno(EISDIR) }
    default:
      if flags & O_DIRECTORY != 0 || place.wantsDirectory { throw Errno(ENOTDIR) }
    }
    try need((flags & O_ACCMODE != O_WRONLY ? 4 : 0) | (writes ? 2 : 0), on: number)
    if writes && isReadOnly { throw Errno(EROFS) }
    if flags & O_TRUNC != 0 && writes { truncate(number, to: 0, now: now) }
    return describe(number, flags)
  }

  /// O_TMPFILE: a file in a directory's file system that has no name.
  private mutating func openNameless(
    _ path: Path, at directory: Int32, _ flags: Int32, _ mode: UInt32, now: Int64
  ) throws(Errno) -> Int32 {
    let parent = try find(path, at: directory)
    guard self.directory(parent) != nil else { throw Errno(ENOTDIR) }
    if flags & O_ACCMODE == O_RDONLY { throw Errno(EINVAL) }
    try needChange(of: parent)
    return describe(make(.regular([]), permissions: mode & ~umask & 0o7777, now: now), flags)
  }

  private mutating func describe(_ number: UInt64, _ flags: Int32) -> Int32 {
    let id = nextDescription
    nextDescription += 1
    descriptions[id] = OpenDescription(inode: number, flags: flags)
    inodes[number]?.opened += 1
    var descriptor = Self.firstDescriptor + Int32(descriptors.count)
    while descriptors[descriptor] != nil { descriptor += 1 }
    descriptors[descriptor] = id
    return descriptor
  }

  mutating func close(_ descriptor: Int32) throws(Errno) {
    guard let id = descriptors.removeValue(forKey: descriptor) else { throw Errno(EBADF) }
    if let description = descriptions.removeValue(forKey: id) {
      locks.close(id, inode: description.inode)
      inodes[description.inode]?.opened -= 1
      postClose(description)
      freeIfUnused(description.inode)
    } else {
      watches.close(id)
    }
  }

  // MARK: - Bytes

  /// Bytes at an offset, or at the position; empty at the end.
  mutating func read(_ descriptor: Int32, at offset: Int?, upTo count: Int, now: Int64) throws(Errno) -> [UInt8] {
    let description = try description(descriptor)
    guard description.mayRead else { throw Errno(EBADF) }
    if case .null? = inodes[description.inode]?.content { return [] }
    guard case .regular(let bytes)? = inodes[description.inode]?.content else { throw Errno(EISDIR) }
    let start = offset ?? description.position
    if start < 0 { throw Errno(EINVAL) }
    let part = start < bytes.count ? Array(bytes[start..<min(bytes.count, start + count)]) : []
    if offset == nil { move(descriptor, to: start + part.count) }
    inodes[description.inode]?.accessed = now
    return part
  }

  /// Writes what there is room for: fewer bytes only if the disk is full behind them.
  mutating func write(
    _ descriptor: Int32, at offset: Int?, _ pieces: [UnsafeRawBufferPointer], now: Int64
  ) throws(Errno) -> Int {
    let description = try description(descriptor)
    guard description.mayWrite else { throw Errno(EBADF) }
    if case .null? = inodes[description.inode]?.content { return pieces.reduce(0) { $0 + $1.count } }
    guard case .regular(let old)? = inodes[description.inode]?.content else { throw Errno(EISDIR) }
    let appends = description.flags & O_APPEND != 0
    let start = appends ? old.count : offset ?? description.position
    if start < 0 { throw Errno(EINVAL) }
    let wanted = pieces.reduce(0) { $0 + $1.count }
    if wanted == 0 { return 0 }
    if start > Self.largestFile - wanted { throw Errno(EFBIG) }
    let free = max(0, capacity - used) + max(0, old.count - start)
    let (needed, overflow) = max(0, start - old.count).addingReportingOverflow(wanted)
    let count = overflow ? 0 : needed <= free ? wanted : free - max(0, start - old.count)
    if count <= 0 { throw Errno(ENOSPC) }
    _ = changeBytes(of: description.inode) { bytes in
      if bytes.count < start + count { bytes.append(contentsOf: repeatElement(0, count: start + count - bytes.count)) }
      var at = start
      for piece in pieces {
        let part = piece.prefix(start + count - at)
        bytes.replaceSubrange(at..<at + part.count, with: part)
        at += part.count
      }
    }
    if offset == nil || appends && offset == nil { move(descriptor, to: start + count) }
    touch(description.inode, now: now)
    return count
  }

  mutating func truncate(_ descriptor: Int32, to size: Int, now: Int64) throws(Errno) {
    let description = try description(descriptor)
    guard description.mayWrite, case .regular(let bytes)? = inodes[description.inode]?.content, size >= 0 else {
      throw Errno(EINVAL)
    }
    if size > Self.largestFile { throw Errno(EFBIG) }
    if size > bytes.count { try needSpace(size - bytes.count) }
    truncate(description.inode, to: size, now: now)
  }

  private mutating func truncate(_ number: UInt64, to size: Int, now: Int64) {
    _ = changeBytes(of: number) { bytes in
      if size < bytes.count {
        bytes.removeLast(bytes.count - size)
      } else {
        bytes.append(contentsOf: repeatElement(0, count: size - bytes.count))
      }
    }
    touch(number, now: now)
  }

  mutating func allocate(_ descriptor: Int32, from offset: Int, count: Int, now: Int64) throws(Errno) {
    let description = try description(descriptor)
    guard description.mayWrite else { throw Errno(EBADF) }
    guard offset >= 0, count > 0 else { throw Errno(EINVAL) }
    guard case .regular(let bytes)? = inodes[description.inode]?.content else { throw Errno(ENODEV) }
    let (end, overflow) = offset.addingReportingOverflow(count)
    if overflow { throw Errno(EFBIG) }
    if end > bytes.count {
      try needSpace(end - bytes.count)
      truncate(description.inode, to: end, now: now)
    }
  }

  mutating func copyRange(
    from source: Int32, at offset: Int, to target: Int32, at targetOffset: Int, count: Int, now: Int64
  ) throws(Errno) -> Int {
    let (from, to) = (try description(source), try description(target))
    guard from.mayRead, to.mayWrite, to.flags & O_APPEND == 0 else { throw Errno(EBADF) }
    if from.inode == to.inode, offset < targetOffset + count, targetOffset < offset + count { throw Errno(EINVAL) }
    let bytes = try read(source, at: offset, upTo: count, now: now)
    if bytes.isEmpty { return 0 }
    do { return try bytes.withUnsafeBytes { try write(target, at: targetOffset, [$0], now: now) } } catch {
      throw error as? Errno ?? Errno(EIO)
    }
  }

  mutating func clone(_ source: Int32, to target: Int32, now: Int64) throws(Errno) {
    let (from, to) = (try description(source), try description(target))
    guard from.mayRead, to.mayWrite else { throw Errno(EBADF) }
    guard case .regular(let bytes)? = inodes[from.inode]?.content, case .regular(let old)? = inodes[to.inode]?.content
    else { throw Errno(EISDIR) }
    try needSpace(bytes.count - old.count)
    _ = changeBytes(of: to.inode) { $0 = bytes }
    touch(to.inode, now: now)
  }

  func needSpace(_ count: Int) throws(Errno) {
    if count > 0 && used + count > capacity { throw Errno(ENOSPC) }
  }

  private mutating func move(_ descriptor: Int32, to position: Int) {
    guard let id = descriptors[descriptor] else { return }
    descriptions[id]?.position = position
  }

  /// Notes that a file's content has changed.
  private mutating func touch(_ number: UInt64, now: Int64) {
    inodes[number]?.modified = now
    inodes[number]?.changed = now
    post(UInt32(IN_MODIFY), on: number)
  }

  // MARK: - Entries

  mutating func readEntries(of descriptor: Int32, upTo count: Int) throws(Errno) -> [DirectoryEntry] {
    let description = try description(descriptor)
    guard directory(description.inode) != nil, let id = descriptors[descriptor] else { throw Errno(ENOTDIR) }
    let listing = description.listing ?? entries(of: description.inode)[...]
    descriptions[id]?.listing = listing.dropFirst(count)
    return Array(listing.prefix(count))
  }
}
