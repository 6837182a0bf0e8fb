// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What a file is.
public enum FileKind: Hashable, Sendable {
  case regular, directory, symbolicLink, fifo, socket, characterDevice, blockDevice
  /// The kernel has a kind that this library doesn't know, or doesn't say.
  case unknown

  /// Of the type bits of a mode (inode(7)).
  package init(mode: UInt32) {
    self =
      switch mode & S_IFMT {
      case S_IFREG: .regular
      case S_IFDIR: .directory
      case S_IFLNK: .symbolicLink
      case S_IFIFO: .fifo
      case S_IFSOCK: .socket
      case S_IFCHR: .characterDevice
      case S_IFBLK: .blockDevice
      default: .unknown
      }
  }
}

/// The permission bits of a file: `0o644`, which is `rw-r--r--`.
///
/// ```swift
/// let permissions: FilePermissions = 0o600
/// print(permissions)  // rw-------
/// ```
public struct FilePermissions: RawRepresentable, Hashable, Sendable, ExpressibleByIntegerLiteral,
  CustomStringConvertible
{
  /// The lower twelve bits of a mode: set-user, set-group and sticky, then three each for owner, group and others.
  public let rawValue: UInt32

  /// Permissions of the lower twelve bits of a number.
  public init(rawValue: UInt32) { self.rawValue = rawValue & 0o7777 }

  /// Permissions as they are written in the source.
  public init(integerLiteral value: UInt32) { self.init(rawValue: value) }

  /// As `ls` shows them, without the letter of the kind: `rw-r--r--`.
  public var description: String {
    var text = ""
    for (shift, special, letter) in [(6, 0o4000, "s"), (3, 0o2000, "s"), (0, 0o1000, "t")] as [(UInt32, UInt32, String)]
    {
      let bits = rawValue >> shift
      text += bits & 4 != 0 ? "r" : "-"
      text += bits & 2 != 0 ? "w" : "-"
      let executes = bits & 1 != 0
      text += rawValue & special != 0 ? (executes ? letter : letter.uppercased()) : executes ? "x" : "-"
    }
    return text
  }
}

/// A moment of the wall clock, as a file keeps it.
public struct FileTime: Hashable, Comparable, Sendable {
  /// Nanoseconds since 1970-01-01 00:00:00 UTC.
  public let nanoseconds: Int64

  /// A moment by its nanoseconds since 1970.
  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// A moment by its seconds since 1970.
  public init(seconds: Double) { nanoseconds = Int64(seconds * 1e9) }

  /// Seconds since 1970, as Python's `st_mtime`.
  public var seconds: Double { Double(nanoseconds) / 1e9 }

  public static func < (one: FileTime, other: FileTime) -> Bool { one.nanoseconds < other.nanoseconds }
}

/// What a file system says of a file; Python's `os.stat_result`.
public struct FileStatus: Hashable, Sendable {
  /// What it is.
  public var kind: FileKind
  /// Who may do what with it.
  public var permissions: FilePermissions
  /// Its length in bytes; of a symbolic link, that of its target's path.
  public var size: Int
  /// The number of its owner.
  public var owner: UInt32
  /// The number of its group.
  public var group: UInt32
  /// How many names it has.
  public var links: Int
  /// Which file system it is on. With `inode` it is the file's identity.
  public var device: UInt64
  /// Its number on that file system.
  public var inode: UInt64
  /// When it was last read, as far as the file system keeps that (`relatime`).
  public var accessed: FileTime
  /// When its content was last changed.
  public var modified: FileTime
  /// When its content or one of these values was last changed.
  public var changed: FileTime
  /// When it was made; nil where the file system doesn't keep that.
  public var born: FileTime?
  /// The bytes that it takes on the disk: fewer than `size` if it has holes.
  public var allocated: Int

  package init(
    kind: FileKind, permissions: FilePermissions, size: Int, owner: UInt32, group: UInt32, links: Int, device: UInt64,
    inode: UInt64, accessed: FileTime, modified: FileTime, changed: FileTime, born: FileTime?, allocated: Int
  ) {
    self.kind = kind
    self.permissions = permissions
    self.size = size
    self.owner = owner
    self.group = group
    self.links = links
    self.device = device
    self.inode = inode
    self.accessed = accessed
    self.modified = modified
    self.changed = changed
    self.born = born
    self.allocated = allocated
  }

  /// Whether it is a file of bytes.
  public var isFile: Bool { kind == .regular }
  /// Whether it is a directory.
  public var isDirectory: Bool { kind == .directory }
  /// Whether it is a symbolic link; only of a status that doesn't follow links.
  public var isSymbolicLink: Bool { kind == .symbolicLink }

  /// Whether both are of the same file, under whichever name.
  public func isSameFile(as other: FileStatus) -> Bool { device == other.device && inode == other.inode }
}
