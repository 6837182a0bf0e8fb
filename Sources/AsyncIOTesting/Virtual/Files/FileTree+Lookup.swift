// SPDX-License-Identifier: Apache-2.0
// path_resolution(7): component by component, with links followed in between, and search permission asked of each
// directory on the way.

import AsyncIOCore
import Glibc

extension FileTree {
  /// Where a path leads: the directory of its last component, and what is there.
  struct Place {
    let directory: UInt64
    /// The last component; empty of the root and of paths that end in `.` or `..`.
    let name: Name
    /// Nil if there is no such entry.
    let inode: UInt64?
    /// Whether the path ends with a slash, which only a directory may have.
    let wantsDirectory: Bool
  }

  static let longestName = 255
  static let longestPath = 4096
  static let mostLinks = 40

  /// Resolves a path from a directory's descriptor.
  ///
  /// - Parameter followsLast: Whether a symbolic link in the last component is followed. Calls that change the name
  ///   itself don't follow it, not even with a slash behind.
  func place(of path: Path, at directory: Int32, followsLast: Bool = false) throws(Errno) -> Place {
    let bytes = Array(path.bytes)
    if bytes.contains(0) { throw Errno(EINVAL) }
    if bytes.isEmpty { throw Errno(ENOENT) }
    if bytes.count >= Self.longestPath { throw Errno(ENAMETOOLONG) }
    var links = 0
    let start = path.isAbsolute ? Self.root : try inode(ofDirectory: directory)
    return try walk(bytes[...], from: start, followsLast: followsLast, &links)
  }

  /// What is at a path; ENOENT if nothing is.
  func find(_ path: Path, at directory: Int32, followsLast: Bool = true) throws(Errno) -> UInt64 {
    // A slash behind a link asks for what it leads to.
    let place = try place(
      of: path, at: directory, followsLast: followsLast || path.bytes.last == UInt8(ascii: "/"))
    guard let number = place.inode else { throw Errno(ENOENT) }
    if place.wantsDirectory, self.directory(number) == nil { throw Errno(ENOTDIR) }
    return number
  }

  private func inode(ofDirectory descriptor: Int32) throws(Errno) -> UInt64 {
    if descriptor == AT_FDCWD { return workingDirectory }
    let number = try description(descriptor).inode
    guard directory(number) != nil else { throw Errno(ENOTDIR) }
    return number
  }

  private func walk(
    _ path: ArraySlice<UInt8>, from start: UInt64, followsLast: Bool, _ links: inout Int
  ) throws(Errno) -> Place {
    let slash = UInt8(ascii: "/")
    let components = path.split(separator: slash).map { Array($0) }
    let wantsDirectory = path.last == slash
    var current = path.first == slash ? Self.root : start
    guard !components.isEmpty else {
      return Place(directory: Self.root, name: [], inode: Self.root, wantsDirectory: true)
    }
    for (index, name) in components.enumerated() {
      let isLast = index == components.count - 1
      guard let directory = directory(current) else { throw Errno(ENOTDIR) }
      try need(0o1, on: current)
      if name.count > Self.longestName { throw Errno(ENAMETOOLONG) }
      if name == [0x2E] || name == [0x2E, 0x2E] {
        if name.count == 2 { current = directory.parent }
        if isLast { return Place(directory: current, name: [], inode: current, wantsDirectory: true) }
        continue
      }
      guard let child = directory.entries[name]?.inode, let inode = inodes[child] else {
        if isLast { return Place(directory: current, name: name, inode: nil, wantsDirectory: wantsDirectory) }
        throw Errno(ENOENT)
      }
      if case .link(let target) = inode.content, !isLast || followsLast {
        links += 1
        if links > Self.mostLinks { throw Errno(ELOOP) }
        let place = try walk(target.bytes, from: current, followsLast: true, &links)
        if isLast {
          return Place(
            directory: place.directory, name: place.name, inode: place.inode,
            wantsDirectory: wantsDirectory || place.wantsDirectory)
        }
        guard let number = place.inode else { throw Errno(ENOENT) }
        current = number
        continue
      }
      if isLast { return Place(directory: current, name: name, inode: child, wantsDirectory: wantsDirectory) }
      current = child
    }
    preconditionFailure("a path has a last component")
  }

  // MARK: - Permissions

  /// Whether the user may read (4), write (2) or search and execute (1).
  func may(_ bits: UInt32, on number: UInt64) -> Bool {
    guard let inode = inodes[number] else { return false }
    let shift: UInt32 = inode.owner == Self.user ? 6 : inode.group == Self.user ? 3 : 0
    return inode.permissions >> shift & bits == bits
  }

  func need(_ bits: UInt32, on number: UInt64) throws(Errno) {
    if !may(bits, on: number) { throw Errno(EACCES) }
  }

  /// Whether entries of a directory may be made and removed.
  func needChange(of directory: UInt64) throws(Errno) {
    if isReadOnly { throw Errno(EROFS) }
    try need(0o3, on: directory)
    if self.directory(directory)?.isRemoved == true { throw Errno(ENOENT) }
  }

  // MARK: - Paths back

  /// The absolute path of a directory.
  func path(ofDirectory number: UInt64) throws(Errno) -> Path {
    var names: [Name] = []
    var current = number
    while current != Self.root {
      guard let own = directory(current), !own.isRemoved, let above = directory(own.parent),
        let name = above.entries.first(where: { $0.value.inode == current })?.key
      else { throw Errno(ENOENT) }
      names.append(name)
      current = own.parent
    }
    return Path(bytes: names.isEmpty ? [0x2F] : names.reversed().flatMap { [0x2F] + $0 })
  }

  /// realpath(3).
  func resolve(_ path: Path) throws(Errno) -> Path {
    let place = try place(of: path, at: AT_FDCWD, followsLast: true)
    guard let number = place.inode else { throw Errno(ENOENT) }
    if directory(number) != nil { return try self.path(ofDirectory: number) }
    if place.wantsDirectory { throw Errno(ENOTDIR) }
    return try self.path(ofDirectory: place.directory).appending(Path(bytes: place.name))
  }
}
