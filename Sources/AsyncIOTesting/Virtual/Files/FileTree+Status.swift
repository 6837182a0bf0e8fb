// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Glibc

extension FileTree {
  /// One file system, one number.
  static let device: UInt64 = 0xA510

  func status(of number: UInt64) throws(Errno) -> FileStatus {
    guard let inode = inodes[number] else { throw Errno(ENOENT) }
    let size = Self.size(of: inode)
    return FileStatus(
      kind: kind(of: number), permissions: FilePermissions(rawValue: inode.permissions), size: size, owner: inode.owner,
      group: inode.group, links: inode.links, device: Self.device, inode: number,
      accessed: FileTime(nanoseconds: inode.accessed), modified: FileTime(nanoseconds: inode.modified),
      changed: FileTime(nanoseconds: inode.changed), born: FileTime(nanoseconds: inode.born),
      allocated: (size + Self.blockSize - 1) / Self.blockSize * Self.blockSize)
  }

  func access(_ path: Path, at directory: Int32, mode: Int32) throws(Errno) {
    let number = try find(path, at: directory)
    if mode & W_OK != 0 && isReadOnly { throw Errno(EROFS) }
    // R_OK, W_OK and X_OK are the bits of a permission.
    try need(UInt32(mode & 7), on: number)
  }

  mutating func setPermissions(_ permissions: FilePermissions, of number: UInt64, now: Int64) throws(Errno) {
    try needOwner(of: number)
    inodes[number]?.permissions = permissions.rawValue
    noteChange(number, now: now)
  }

  /// chown(2) for a user who isn't root: a file can be given to nobody else.
  mutating func setOwner(_ owner: UInt32?, group: UInt32?, of number: UInt64, now: Int64) throws(Errno) {
    try needOwner(of: number)
    if owner ?? Self.user != Self.user || group ?? Self.user != Self.user { throw Errno(EPERM) }
    noteChange(number, now: now)
  }

  mutating func setTimes(
    accessed: FileTimeChange, modified: FileTimeChange, of number: UInt64, now: Int64
  ) throws(Errno) {
    try needOwner(of: number)
    if let time = Self.time(accessed, now) { inodes[number]?.accessed = time }
    if let time = Self.time(modified, now) { inodes[number]?.modified = time }
    noteChange(number, now: now)
  }

  private static func time(_ change: FileTimeChange, _ now: Int64) -> Int64? {
    switch change {
    case .keep: nil
    case .now: now
    case .set(let time): time.nanoseconds
    }
  }

  private func needOwner(of number: UInt64) throws(Errno) {
    if isReadOnly { throw Errno(EROFS) }
    guard inodes[number]?.owner == Self.user else { throw Errno(EPERM) }
  }

  private mutating func noteChange(_ number: UInt64, now: Int64) {
    inodes[number]?.changed = now
    post(UInt32(IN_ATTRIB), on: number)
  }
}
