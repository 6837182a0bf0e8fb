// SPDX-License-Identifier: Apache-2.0

package import AsyncIOCore
import Glibc

extension VirtualFileSystem {
  package func status(of descriptor: Int32) throws(Errno) -> FileStatus {
    try read { (tree) throws(Errno) in try tree.status(of: try tree.description(descriptor).inode) }
  }

  package func status(of path: Path, at directory: Int32, followsLinks: Bool) throws(Errno) -> FileStatus {
    try read { (tree) throws(Errno) in
      try tree.status(of: try tree.find(path, at: directory, followsLast: followsLinks))
    }
  }

  package func access(_ path: Path, at directory: Int32, mode: Int32) throws(Errno) {
    try read { (tree) throws(Errno) in try tree.access(path, at: directory, mode: mode) }
  }

  package func setPermissions(_ permissions: FilePermissions, of descriptor: Int32) throws(Errno) {
    try change { (tree, now) throws(Errno) in
      try tree.setPermissions(permissions, of: try tree.description(descriptor).inode, now: now)
    }
  }

  package func setPermissions(_ permissions: FilePermissions, of path: Path, at directory: Int32) throws(Errno) {
    try change { (tree, now) throws(Errno) in
      try tree.setPermissions(permissions, of: try tree.find(path, at: directory), now: now)
    }
  }

  package func setOwner(
    _ owner: UInt32?, group: UInt32?, of path: Path, at directory: Int32, followsLinks: Bool
  ) throws(Errno) {
    try change { (tree, now) throws(Errno) in
      try tree.setOwner(
        owner, group: group, of: try tree.find(path, at: directory, followsLast: followsLinks), now: now)
    }
  }

  package func setTimes(
    accessed: FileTimeChange, modified: FileTimeChange, of path: Path, at directory: Int32, followsLinks: Bool
  ) throws(Errno) {
    try change { (tree, now) throws(Errno) in
      let number = try tree.find(path, at: directory, followsLast: followsLinks)
      try tree.setTimes(accessed: accessed, modified: modified, of: number, now: now)
    }
  }

  package func rename(
    _ path: Path, at directory: Int32, to other: Path, at otherDirectory: Int32, _ mode: RenameMode
  ) throws(Errno) {
    try change { (tree, now) throws(Errno) in
      try tree.rename(path, at: directory, to: other, at: otherDirectory, mode, now: now)
    }
  }

  package func link(_ path: Path, at directory: Int32, to other: Path, at otherDirectory: Int32) throws(Errno) {
    try change { (tree, now) throws(Errno) in
      try tree.link(path, at: directory, to: other, at: otherDirectory, now: now)
    }
  }

  package func makeSymbolicLink(_ path: Path, at directory: Int32, saying target: Path) throws(Errno) {
    try change { (tree, now) throws(Errno) in
      try tree.makeSymbolicLink(path, at: directory, saying: target, now: now)
    }
  }

  package func readLink(_ path: Path, at directory: Int32) throws(Errno) -> Path {
    try read { (tree) throws(Errno) in try tree.readLink(path, at: directory) }
  }

  package func remove(_ path: Path, at directory: Int32, isDirectory: Bool) throws(Errno) {
    try change { (tree, now) throws(Errno) in
      try tree.remove(path, at: directory, isDirectory: isDirectory, now: now)
    }
  }

  package func makeDirectory(_ path: Path, at directory: Int32, mode: UInt32) throws(Errno) {
    try change { (tree, now) throws(Errno) in
      try tree.makeDirectory(path, at: directory, mode: mode, now: now)
    }
  }

  package func readEntries(of directory: Int32, into entries: inout [DirectoryEntry]) throws(Errno) -> Bool {
    let batch = try change { (tree, _) throws(Errno) in try tree.readEntries(of: directory, upTo: 256) }
    entries += batch
    return !batch.isEmpty
  }

  package func resolve(_ path: Path) throws(Errno) -> Path {
    try read { (tree) throws(Errno) in try tree.resolve(path) }
  }

  package var currentDirectory: Path {
    get throws(Errno) { try read { (tree) throws(Errno) in try tree.path(ofDirectory: tree.workingDirectory) } }
  }

  package func openWatch() throws(Errno) -> Int32 {
    try change { (tree, _) throws(Errno) in try tree.openWatch() }
  }

  package func watch(_ path: Path, mask: UInt32, with watch: Int32) throws(Errno) -> Int32 {
    try change { (tree, _) throws(Errno) in try tree.watch(path, mask: mask, with: watch) }
  }

  package func unwatch(_ number: Int32, with watch: Int32) throws(Errno) {
    try change { (tree, _) throws(Errno) in try tree.unwatch(number, with: watch) }
  }

  package func readChanges(of watch: Int32) throws(Errno) -> [FileChange] {
    try change { (tree, _) throws(Errno) in try tree.readChanges(of: watch) }
  }
}
