// SPDX-License-Identifier: Apache-2.0
// Which paths are on file systems of this machine. To open a file there takes a microsecond once its name is cached; on
// NFS or FUSE it asks a server, which may be this very process. Asking the kernel about
// a path would itself wait for such a server, but reading the list of mounts doesn't (proc_pid_mountinfo(5)). A path
// without links and `..` is on the mount with the longest matching name. The open itself then refuses links
// (RESOLVE_NO_SYMLINKS).
//
// The kernel says when the list has changed: its file is then readable for poll(2) with POLLPRI. That is asked once in
// a hundred milliseconds. An open just after a mount may wait for its server once; that is all.

import CLinux
import Glibc
import Synchronization

package final class MountTable: Sendable {
  static let shared = MountTable()

  /// What statfs(2) calls them: ext4, tmpfs, XFS, btrfs, overlay, f2fs, ramfs, bcachefs, ZFS.
  static let localTypes: Set<UInt64> = [
    0xef53, 0x0102_1994, 0x5846_5342, 0x9123_683e, 0x794c_7630, 0xf2f5_2010, 0x8584_58f6, 0xca45_1a4e, 0x2fc1_2fc1,
  ]
  private static let localNames: Set<String> = [
    "ext2", "ext3", "ext4", "tmpfs", "xfs", "btrfs", "overlay", "f2fs", "ramfs", "bcachefs", "zfs",
  ]
  private static let freshness: Int64 = 100_000_000

  struct Mount: Equatable {
    /// With a slash at its end.
    let prefix: [UInt8]
    let isLocal: Bool
  }

  private struct State {
    var descriptor: Int32 = -1
    var mounts: [Mount] = []
    var checked: Int64 = .min
  }

  private let state = Mutex(State())

  /// Whether the path is absolute and plain, and lies on a local file system, as long as there is no link in it.
  package func isLocal(_ path: Path) -> Bool {
    let bytes = path.bytes
    guard path.isAbsolute, Self.isPlain(bytes) else { return false }
    return state.withLock { state in
      Self.refresh(&state)
      return Self.isLocal(bytes, among: state.mounts)
    }
  }

  /// The mounts are sorted, the longest first.
  static func isLocal(_ path: ArraySlice<UInt8>, among mounts: [Mount]) -> Bool {
    for mount in mounts where mount.covers(path) { return mount.isLocal }
    return false
  }

  /// Whether no component is `..`.
  private static func isPlain(_ path: ArraySlice<UInt8>) -> Bool {
    let dot = UInt8(ascii: ".")
    var index = path.startIndex
    while index < path.endIndex - 1 {
      if path[index] == dot, path[index + 1] == dot { return false }
      index += 1
    }
    return true
  }

  private static func refresh(_ state: inout State) {
    let now = SystemCall.monotonicTime
    if state.checked != .min, now - state.checked < freshness { return }
    state.checked = now
    if state.descriptor < 0 {
      state.descriptor = SystemCall.open("/proc/self/mountinfo", at: AT_FDCWD, flags: O_RDONLY, mode: 0)
      // Without /proc nothing is known to be local.
      guard state.descriptor >= 0 else { return }
    } else {
      var entry = pollfd(fd: state.descriptor, events: Int16(POLLPRI), revents: 0)
      guard unsafe poll(&entry, 1, 0) > 0 else { return }
    }
    state.mounts = parse(readAll(state.descriptor))
  }

  private static func readAll(_ descriptor: Int32) -> [UInt8] {
    var text: [UInt8] = []
    unsafe withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 1) { room in
      while true {
        let count = unsafe SystemCall.read(descriptor, at: text.count, into: [room], waiting: true)
        if count <= 0 { return }
        unsafe text.append(contentsOf: room.prefix(count))
      }
    }
    return text
  }

  /// The fifth field is where it is mounted; the first one after a lone `-` is the type.
  static func parse(_ text: [UInt8]) -> [Mount] {
    let mounts = text.split(separator: UInt8(ascii: "\n")).compactMap { line -> Mount? in
      let fields = line.split(separator: UInt8(ascii: " "))
      guard fields.count > 6, let dash = fields.dropFirst(6).firstIndex(of: [UInt8(ascii: "-")]),
        dash + 1 < fields.count
      else { return nil }
      var prefix = unescaped(fields[4])
      if prefix.last != UInt8(ascii: "/") { prefix.append(UInt8(ascii: "/")) }
      return Mount(
        prefix: prefix, isLocal: localNames.contains(String(decoding: fields[dash + 1], as: UTF8.self)))
    }
    // Of two mounts in one place the later one hides the other.
    return mounts.reversed().enumerated()
      .sorted { ($1.element.prefix.count, $0.offset) < ($0.element.prefix.count, $1.offset) }.map(\.element)
  }

  /// A space is written `\040`.
  private static func unescaped(_ field: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    var rest = field
    while let byte = rest.popFirst() {
      let digits = rest.prefix(3)
      if byte == UInt8(ascii: "\\"), digits.count == 3,
        let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
      {
        result.append(value)
        rest = rest.dropFirst(3)
      } else {
        result.append(byte)
      }
    }
    return result
  }
}

extension MountTable.Mount {
  fileprivate func covers(_ path: ArraySlice<UInt8>) -> Bool {
    // The mounted directory itself, or what lies below.
    path.count + 1 == prefix.count ? path.elementsEqual(prefix.dropLast()) : path.starts(with: prefix)
  }
}
