// SPDX-License-Identifier: Apache-2.0
// Which numbers of inotify(7) stand for which directories, and what a raw event means for the changes. Files are
// watched by their directory: an atomic save puts another file under the name, and a watch of the file itself would
// stay with the old one.

import AsyncIOCore
import Glibc

struct WatchTable: Sendable {
  private struct Watched {
    var path: Path
    /// Only these names count; nil: all.
    var names: Set<Path>?
    /// Whether new directories in it are watched, too.
    let isRecursive: Bool
  }

  static let mask = UInt32(
    IN_CREATE | IN_MODIFY | IN_ATTRIB | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF
      | IN_ONLYDIR)

  private var directories: [Int32: Watched] = [:]
  private(set) var fold = ChangeFold()

  var count: Int { directories.count }

  mutating func add(_ number: Int32, _ path: Path, name: Path?, isRecursive: Bool) {
    guard var known = directories[number] else {
      directories[number] = Watched(path: path, names: name.map { [$0] }, isRecursive: isRecursive)
      return
    }
    // The kernel gives the same number for the same directory: it was renamed, or has several wishes.
    known.path = path
    if let name { known.names?.insert(name) } else { known.names = nil }
    directories[number] = Watched(
      path: known.path, names: known.names, isRecursive: known.isRecursive || isRecursive)
  }

  /// A file that was found in a directory that is new.
  mutating func found(_ path: Path) { fold.add(.created, path) }

  mutating func take() -> [FileEvent] { fold.take() }

  /// Takes an event.
  ///
  /// - Returns: A directory that is new here, to be watched with all that is in it.
  mutating func take(_ change: FileChange) -> Path? {
    if change.mask & UInt32(IN_Q_OVERFLOW) != 0 {
      fold.overflow()
      return nil
    }
    if change.mask & UInt32(IN_IGNORED) != 0 {
      directories[change.number] = nil
      return nil
    }
    guard let watched = directories[change.number] else { return nil }
    guard let name = change.name else {
      // The watched directory itself. Its parent tells of it, if that is watched, too: then it is one change.
      if change.mask & UInt32(IN_DELETE_SELF | IN_MOVE_SELF) != 0, watched.names == nil, !knowsParent(of: watched.path)
      {
        fold.add(.removed, watched.path)
      }
      return nil
    }
    if let names = watched.names, !names.contains(name) { return nil }
    let path = watched.path / name
    let isDirectory = change.mask & UInt32(IN_ISDIR) != 0
    note(change, path, isDirectory: isDirectory)
    let appears = change.mask & UInt32(IN_CREATE | IN_MOVED_TO) != 0
    return isDirectory && appears && watched.isRecursive ? path : nil
  }

  private mutating func note(_ change: FileChange, _ path: Path, isDirectory: Bool) {
    switch Int32(bitPattern: change.mask) & ~Int32(bitPattern: UInt32(IN_ISDIR)) {
    case let mask where mask & Int32(IN_CREATE) != 0: fold.add(.created, path)
    case let mask where mask & Int32(IN_MODIFY) != 0: fold.add(.modified, path)
    case let mask where mask & Int32(IN_ATTRIB) != 0: fold.add(.attributesChanged, path)
    case let mask where mask & Int32(IN_DELETE) != 0: fold.add(.removed, path)
    case let mask where mask & Int32(IN_MOVED_FROM) != 0: fold.add(.movedAway(cookie: change.cookie), path)
    case let mask where mask & Int32(IN_MOVED_TO) != 0: fold.add(.movedHere(cookie: change.cookie), path)
    default: break
    }
  }

  private func knowsParent(of path: Path) -> Bool {
    let parent = path.parent
    return directories.values.contains { $0.names == nil && $0.path == parent }
  }
}
