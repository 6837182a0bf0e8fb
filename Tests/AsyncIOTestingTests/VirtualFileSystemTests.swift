// SPDX-License-Identifier: Apache-2.0
// A tree in memory and a real directory are given the same random calls, and must give the same answers.

import AsyncIOCore
import Glibc
import TestSupport
import Testing

@testable import AsyncIOTesting

/// A call, on a path that begins with a slash.
private enum Call {
  case mkdir(String)
  case write(String, String, Int32)
  case read(String)
  case remove(String)
  case rmdir(String)
  case rename(String, String, RenameMode)
  case link(String, String)
  case symlink(String, String)
  case readlink(String)
  case stat(String, Bool)
  case list(String)
  case truncate(String, Int)

  static func random(_ random: inout SplitMix64, _ step: Int) -> Call {
    func path() -> String {
      var text = ""
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        text += "/" + ["a", "b", "c"].randomElement(using: &random)!
      }
      switch Int.random(in: 0..<14, using: &random) {
      case 0: text += "/"
      case 1: text += "/."
      case 2: text += "/.."
      case 3: text += "/../" + ["a", "b", "c"].randomElement(using: &random)!
      default: break
      }
      return text
    }
    switch Int.random(in: 0..<16, using: &random) {
    case 0, 1: return .mkdir(path())
    case 2: return .write(path(), "text \(step)", O_CREAT)
    case 3: return .write(path(), "new \(step)", O_CREAT | O_TRUNC)
    case 4: return .write(path(), "more", O_APPEND)
    case 5: return .write(path(), "excl", O_CREAT | O_EXCL)
    case 6: return .read(path())
    case 7: return .remove(path())
    case 8: return .rmdir(path())
    case 9:
      let mode = [RenameMode.replaces, .replaces, .keeps, .exchanges].randomElement(using: &random)!
      return .rename(path(), path(), mode)
    case 10: return .link(path(), path())
    case 11: return .symlink(["a", "../b", "c/a", "./", "..", "x"].randomElement(using: &random)!, path())
    case 12: return .readlink(path())
    case 13: return .stat(path(), Bool.random(using: &random))
    case 14: return .list(path())
    default: return .truncate(path(), Int.random(in: 0...20, using: &random))
    }
  }

  func under(_ base: String) -> Call {
    switch self {
    case .mkdir(let path): .mkdir(base + path)
    case .write(let path, let text, let flags): .write(base + path, text, flags)
    case .read(let path): .read(base + path)
    case .remove(let path): .remove(base + path)
    case .rmdir(let path): .rmdir(base + path)
    case .rename(let from, let to, let mode): .rename(base + from, base + to, mode)
    case .link(let from, let to): .link(base + from, base + to)
    case .symlink(let target, let path): .symlink(target, base + path)
    case .readlink(let path): .readlink(base + path)
    case .stat(let path, let follows): .stat(base + path, follows)
    case .list(let path): .list(base + path)
    case .truncate(let path, let size): .truncate(base + path, size)
    }
  }

  /// The answer: the number of an error, or what the call gave.
  func run(on files: any FileSystem) -> String {
    do throws(Errno) { return try answer(of: files) } catch { return "errno \(error.code)" }
  }

  private func answer(of files: any FileSystem) throws(Errno) -> String {
    let here = files.workingDirectory
    switch self {
    case .mkdir(let path): try files.makeDirectory(Path(path), at: here, mode: 0o777)
    case .write(let path, let text, let flags):
      let number = try files.open(Path(path), at: here, flags: flags | O_WRONLY, mode: 0o666)
      let result = Array(text.utf8).withUnsafeBytes { bytes in
        Result { () throws(Errno) in try files.write(number, at: nil, from: bytes) }
      }
      try files.close(number)
      return "\(try result.get() ?? -1)"
    case .read(let path):
      let number = try files.open(Path(path), at: here, flags: O_RDONLY, mode: 0)
      var bytes = [UInt8](repeating: 0, count: 100)
      let result = bytes.withUnsafeMutableBytes { room in
        Result { () throws(Errno) in try files.read(number, at: nil, into: room) }
      }
      try files.close(number)
      return String(decoding: bytes[..<(try result.get() ?? 0)], as: UTF8.self)
    case .remove(let path): try files.remove(Path(path), at: here, isDirectory: false)
    case .rmdir(let path): try files.remove(Path(path), at: here, isDirectory: true)
    case .rename(let from, let to, let mode): try files.rename(Path(from), at: here, to: Path(to), at: here, mode)
    case .link(let from, let to): try files.link(Path(from), at: here, to: Path(to), at: here)
    case .symlink(let target, let path): try files.makeSymbolicLink(Path(path), at: here, saying: Path(target))
    case .readlink(let path): return try files.readLink(Path(path), at: here).description
    case .stat(let path, let follows):
      let status = try files.status(of: Path(path), at: here, followsLinks: follows)
      return status.isDirectory ? "directory" : "\(status.kind) \(status.size) \(status.links)"
    case .list(let path):
      let number = try files.open(Path(path), at: here, flags: O_RDONLY | O_DIRECTORY, mode: 0)
      var entries: [DirectoryEntry] = []
      while try files.readEntries(of: number, into: &entries) {}
      try files.close(number)
      return entries.map { "\($0.name) \($0.kind)" }.sorted().joined(separator: ", ")
    case .truncate(let path, let size):
      let number = try files.open(Path(path), at: here, flags: O_WRONLY, mode: 0)
      let result = Result { () throws(Errno) in try files.truncate(number, to: size) }
      try files.close(number)
      try result.get()
    }
    return "ok"
  }
}

@Suite struct VirtualFileSystemTests {
  @Test(arguments: 1...24) func `answers as a kernel does`(seed: UInt64) throws {
    var template = Array("/tmp/virtual-files-XXXXXX".utf8CString)
    let root = template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)) }
    defer { removeTree(Path(root)) }
    let kernel = KernelFileSystem(isImmediate: true)
    let files = VirtualFileSystem(now: { 0 })
    // Links and ".." can lead upwards, but not so far.
    let deep = String(repeating: "/0", count: 14)
    for depth in 1...14 {
      let below = String(repeating: "/0", count: depth)
      _ = Call.mkdir(root + below).run(on: kernel)
      _ = Call.mkdir("/tmp" + below).run(on: files)
    }
    var random = SplitMix64(seed: seed &* 7919)
    for step in 0..<600 {
      let call = Call.random(&random, step)
      let theirs = call.under(root + deep).run(on: kernel)
      let ours = call.under("/tmp" + deep).run(on: files)
      guard ours == theirs else {
        Issue.record("step \(step): \(call): a kernel says \(theirs), the tree \(ours)")
        return
      }
    }
  }

  private func removeTree(_ path: Path) {
    let files = KernelFileSystem(isImmediate: true)
    if let number = try? files.open(path, at: AT_FDCWD, flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW, mode: 0) {
      var entries: [DirectoryEntry] = []
      while (try? files.readEntries(of: number, into: &entries)) == true {}
      try? files.close(number)
      for entry in entries { removeTree(path / entry.name) }
      try? files.remove(path, at: AT_FDCWD, isDirectory: true)
    } else {
      try? files.remove(path, at: AT_FDCWD, isDirectory: false)
    }
  }
}
