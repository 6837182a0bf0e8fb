// SPDX-License-Identifier: Apache-2.0
// Listing and walking. Both are sequences with a batch of entries in memory, however large the directory or the tree,
// and one job for each batch. The state of a walk is a value that goes to the job and comes back.

public import AsyncIOCore
import Glibc

extension Path {
  /// The entries of a directory, without `.` and `..`, in the order in which the file system has them; `os.scandir`,
  /// pathlib's `iterdir`.
  ///
  /// ```swift
  /// for try await entry in Path("/var/log").list() where entry.kind == .regular { print(entry.name) }
  /// ```
  ///
  /// About a thousand entries are in memory at a time. What is made or removed meanwhile may be among them or not. The
  /// iterator throws `SystemError` if this is not a directory or can't be read, and `CancellationError`.
  public func list() -> DirectoryEntries { DirectoryEntries(path: self) }

  /// All entries of a directory; `os.listdir`.
  ///
  /// ```swift
  /// let names = try await Path("inbox").entries().map(\.name)
  /// ```
  ///
  /// - Parameter maximum: How many entries to accept.
  /// - Throws: `LimitOverrunError` if there are more; otherwise as `list`.
  public nonisolated(nonsending) func entries(upTo maximum: Int = 1_000_000) async throws -> [DirectoryEntry] {
    var entries: [DirectoryEntry] = []
    for try await entry in list() {
      if entries.count == maximum {
        throw LimitOverrunError(limit: maximum, consumed: maximum, place: "entries \(self)")
      }
      entries.append(entry)
    }
    return entries
  }

  /// All files below a directory, each directory before what is in it; `os.walk`, pathlib's `walk`.
  ///
  /// ```swift
  /// for try await found in Path("Sources").walk() where found.path.suffix == ".swift" { print(found.path) }
  /// ```
  ///
  /// Links are told of and not followed. A batch of entries and one descriptor for each level are held at a time.
  ///
  /// - Parameters:
  ///   - deepest: How many levels to go down: 1 is the directory's own entries.
  ///   - skippingUnreadable: Whether a directory that can't be opened, or has gone, is passed over; otherwise the
  ///     iterator throws.
  public func walk(deepest: Int = 1000, skippingUnreadable: Bool = false) -> DirectoryWalk {
    require(deepest > 0, "Path.walk(deepest:) wants one level at least")
    return DirectoryWalk(path: self, deepest: deepest, skipsUnreadable: skippingUnreadable)
  }
}

/// See `Path.list`.
public struct DirectoryEntries: AsyncSequence, Sendable {
  let path: Path

  public func makeAsyncIterator() -> Iterator { Iterator(path: path) }

  public struct Iterator: AsyncIteratorProtocol {
    let path: Path
    private var directory: OpenFile?
    private var entries: ArraySlice<DirectoryEntry> = []
    private var isOver = false

    init(path: Path) { self.path = path }

    public mutating func next() async throws -> DirectoryEntry? { try await nextEntry() }

    public mutating func next(isolation actor: isolated (any Actor)?) async throws -> DirectoryEntry? {
      try await nextEntry()
    }

    private nonisolated(nonsending) mutating func nextEntry() async throws -> DirectoryEntry? {
      while entries.isEmpty {
        if isOver { return nil }
        let (path, opened) = (path, directory)
        let (open, batch) = try await path.call("list") { files in
          let open = try opened ?? path.opened(by: files)
          var batch: [DirectoryEntry] = []
          try path.naming("list") { () throws(Errno) in
            _ = try open.fileSystem.readEntries(of: open.number, into: &batch)
          }
          return (open, batch)
        }
        isOver = batch.isEmpty
        directory = isOver ? nil : open
        entries = batch[...]
      }
      return entries.popFirst()
    }
  }
}

/// A file that a walk has found.
public struct WalkEntry: Hashable, Sendable {
  /// The path, which begins as the walk's does.
  public let path: Path
  /// What it is, links not followed.
  public let kind: FileKind
  /// 1 of the entries of the directory where the walk began.
  public let depth: Int
}

/// See `Path.walk`.
public struct DirectoryWalk: AsyncSequence, Sendable {
  let path: Path
  let deepest: Int
  let skipsUnreadable: Bool

  public func makeAsyncIterator() -> Iterator {
    Iterator(path: path, walker: Walker(path, deepest: deepest, skipsUnreadable: skipsUnreadable))
  }

  public struct Iterator: AsyncIteratorProtocol {
    let path: Path
    var walker: Walker
    private var found: ArraySlice<WalkEntry> = []

    init(path: Path, walker: Walker) {
      self.path = path
      self.walker = walker
    }

    public mutating func next() async throws -> WalkEntry? { try await nextEntry() }

    public mutating func next(isolation actor: isolated (any Actor)?) async throws -> WalkEntry? {
      try await nextEntry()
    }

    private nonisolated(nonsending) mutating func nextEntry() async throws -> WalkEntry? {
      if found.isEmpty {
        let walker = walker
        let (next, batch) = try await path.longCall("walk") { files, end in
          var next = walker
          let batch = try next.batch(files, end)
          return (next, batch)
        }
        self.walker = next
        found = batch[...]
      }
      return found.popFirst()
    }
  }
}

/// Where a walk is: the directories that it is in, and what is still to be told of each.
struct Walker: Sendable {
  private struct Level {
    let path: Path
    let directory: OpenFile
    var entries: ArraySlice<DirectoryEntry> = []
  }

  private static let batchSize = 1024

  private let start: Path
  private let deepest: Int
  private let skipsUnreadable: Bool
  private var levels: [Level] = []
  private var hasBegun = false

  init(_ start: Path, deepest: Int, skipsUnreadable: Bool) {
    self.start = start
    self.deepest = deepest
    self.skipsUnreadable = skipsUnreadable
  }

  /// The next files; none at the end.
  mutating func batch(_ files: any FileSystem, _ end: JobEnd) throws -> [WalkEntry] {
    if !hasBegun {
      hasBegun = true
      levels = [Level(path: start, directory: try start.opened(by: files))]
    }
    var found: [WalkEntry] = []
    while var level = levels.popLast() {
      try end.check()
      guard let entry = level.entries.popFirst() else {
        var batch: [DirectoryEntry] = []
        let directory = level.directory
        try level.path.naming("list") { () throws(Errno) in
          _ = try directory.fileSystem.readEntries(of: directory.number, into: &batch)
        }
        if !batch.isEmpty {
          level.entries = batch[...]
          levels.append(level)
        }
        continue
      }
      let path = level.path / entry.name
      let kind = try kind(of: entry, in: level.directory)
      found.append(WalkEntry(path: path, kind: kind, depth: levels.count + 1))
      levels.append(level)
      if kind == .directory && levels.count < deepest { try enter(path, entry, below: level.directory) }
      if found.count >= Self.batchSize { break }
    }
    return found
  }

  private func kind(of entry: DirectoryEntry, in directory: OpenFile) throws -> FileKind {
    guard entry.kind == .unknown else { return entry.kind }
    let files = directory.fileSystem
    return (try? files.status(of: entry.name, at: directory.number, followsLinks: false).kind) ?? .unknown
  }

  private mutating func enter(_ path: Path, _ entry: DirectoryEntry, below parent: OpenFile) throws {
    do throws(SystemError) {
      let directory = try path.opened(entry.name, at: parent.number, by: parent.fileSystem)
      levels.append(Level(path: path, directory: directory))
    } catch {
      // A directory that went between the listing and now doesn't end the walk.
      if error.code == .noSuchFile || skipsUnreadable && error.code != .tooManyOpenFiles { return }
      throw error
    }
  }
}

extension Path {
  /// Opens the directory.
  ///
  /// - Parameter name: What to open, from another directory on; the path is then for errors only.
  func opened(_ name: Path? = nil, at directory: Int32? = nil, by files: any FileSystem) throws(SystemError) -> OpenFile
  {
    try naming("open") { () throws(Errno) in
      let flags = O_RDONLY | O_DIRECTORY | (name == nil ? 0 : O_NOFOLLOW)
      let number = try files.open(
        name ?? self, at: directory ?? files.workingDirectory, flags: flags, mode: 0)
      return OpenFile(number, of: files, kind: .directory, isLocal: true)
    }
  }
}
