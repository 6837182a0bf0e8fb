// SPDX-License-Identifier: Apache-2.0
// Watching files (inotify(7)). The kernel watches single directories. For a tree each directory is watched first and
// listed then, so that nothing that is made in it in between is missed; what both find is told once.
//
// The events of a window are folded, see ChangeFold. The window is time of the loop: in a test an hour of watching
// takes no time.

public import AsyncIOCore
import Glibc
import Synchronization

/// Watches files and directories, and tells what happens to them, in batches; watchfiles' `awatch`.
///
/// ```swift
/// let watcher = try await watch(["Sources", "Package.swift"], recursive: true)
/// for try await events in watcher {
///   for event in events { print(event) }
/// }
/// ```
///
/// When this returns, everything that happens from then on will be told. Of a directory its entries are watched; of any
/// other path its name, whether there is such a file now or not. Events of one window are told as what they come to: an
/// atomic save is one `replaced`, and a file that came and went is nothing.
///
/// **Cancellation** throws `CancellationError`, and nothing is watched.
///
/// - Parameters:
///   - recursive: Whether everything below the directories is watched, too. Links are not followed.
///   - window: How long to wait for what else happens after a first event.
/// - Throws: `SystemError`, such as `watch src: no such file or directory (ENOENT)` for a path whose directory is
///   missing; ENOSPC if the user watches too many (`/proc/sys/fs/inotify/max_user_watches`).
public nonisolated(nonsending) func watch(
  _ paths: [Path], recursive: Bool = false, window: Duration = .milliseconds(50)
) async throws -> FileWatcher {
  require(!paths.isEmpty, "watch: there is no path to watch")
  let (open, table) = try await paths[0].longCall("watch") { files, end in
    let number = try paths[0].naming("inotify_init") { () throws(Errno) in try files.openWatch() }
    let open = OpenFile(number, of: files, kind: .unknown, isLocal: true)
    var table = WatchTable()
    for path in paths { try table.watch(path, recursive: recursive, with: open, end) }
    return (open, table)
  }
  return FileWatcher(open, table, paths: paths, recursive: recursive, window: window)
}

/// Batches of what has happened to watched files; see `watch`. The watching ends with the last reference.
///
/// One task at a time takes batches. A task that is cancelled gets `CancellationError`, and the next one what it left.
public final class FileWatcher: AsyncSequence, Sendable {
  private let open: OpenFile
  private let paths: [Path]
  private let recursive: Bool
  private let window: Duration
  private let table: Mutex<WatchTable>

  init(_ open: OpenFile, _ table: WatchTable, paths: [Path], recursive: Bool, window: Duration) {
    self.open = open
    self.table = Mutex(table)
    self.paths = paths
    self.recursive = recursive
    self.window = window
  }

  /// How many directories are watched.
  public var directoryCount: Int { table.withLock { $0.count } }

  /// Waits for the next batch.
  ///
  /// ```swift
  /// let events = try await watch(["settings.json"]).nextEvents()
  /// ```
  ///
  /// - Throws: `SystemError`; `CancellationError` if the task is cancelled, and then nothing is lost.
  public nonisolated(nonsending) func nextEvents() async throws -> [FileEvent] {
    while true {
      while try await !takeChanges() { try await waitReadable(open.number) }
      try await sleep(window)
      _ = try await takeChanges()
      let events = table.withLock { $0.take() }
      if !events.isEmpty { return events }
    }
  }

  /// Takes what the kernel has. Returns whether anything is to be told.
  private nonisolated(nonsending) func takeChanges() async throws -> Bool {
    while true {
      let changes = try named { () throws(Errno) in try open.fileSystem.readChanges(of: open.number) }
      if changes.isEmpty { break }
      let (new, hasLost) = table.withLock { table in
        var new: [Path] = []
        var hasLost = false
        for change in changes {
          if change.mask & UInt32(IN_Q_OVERFLOW) != 0 { hasLost = true }
          if let path = table.take(change) { new.append(path) }
        }
        return (new, hasLost)
      }
      if hasLost { try await watchAgain() }
      for path in new { try await watchNew(path) }
    }
    return table.withLock { !$0.fold.isEmpty }
  }

  /// After an overflow: directories may have come that nobody has told of.
  private nonisolated(nonsending) func watchAgain() async throws {
    let (open, paths, recursive, known) = (open, paths, recursive, table.withLock { $0 })
    let table = try await paths[0].longCall("watch") { files, end in
      var table = known
      for path in paths { try table.watch(path, recursive: recursive, with: open, end) }
      return table
    }
    self.table.withLock { $0 = table }
  }

  private nonisolated(nonsending) func watchNew(_ path: Path) async throws {
    let (open, known) = (open, table.withLock { $0 })
    let table = try await path.longCall("watch") { files, end in
      var table = known
      try table.watchTree(path, with: open, tellingFound: true, end)
      return table
    }
    self.table.withLock { $0 = table }
  }

  private func named<Value>(_ body: () throws(Errno) -> Value) throws(SystemError) -> Value {
    try paths[0].naming("watch", body)
  }

  public func makeAsyncIterator() -> Iterator { Iterator(watcher: self) }

  public struct Iterator: AsyncIteratorProtocol {
    let watcher: FileWatcher

    public mutating func next() async throws -> [FileEvent]? { try await watcher.nextEvents() }

    public mutating func next(isolation actor: isolated (any Actor)?) async throws -> [FileEvent]? {
      try await watcher.nextEvents()
    }
  }
}

extension WatchTable {
  fileprivate mutating func watch(_ path: Path, recursive: Bool, with open: OpenFile, _ end: JobEnd) throws {
    let files = open.fileSystem
    let status = try? files.status(of: path, at: files.workingDirectory, followsLinks: true)
    if let status, status.isDirectory {
      if recursive { return try watchTree(path, with: open, tellingFound: false, isRoot: true, end) }
      let number = try path.naming("watch") { () throws(Errno) in
        try files.watch(path, mask: Self.mask, with: open.number)
      }
      add(number, path, name: nil, isRecursive: false)
    } else {
      let parent = path.parent
      let number = try path.naming("watch") { () throws(Errno) in
        try files.watch(parent, mask: Self.mask, with: open.number)
      }
      // Told by the path that the user gave: a bare name stays one.
      add(number, path == path.name ? "" : parent, name: path.name, isRecursive: false)
    }
  }

  /// Watches a directory and all below. What goes meanwhile is passed over.
  fileprivate mutating func watchTree(
    _ path: Path, with open: OpenFile, tellingFound: Bool, isRoot: Bool = false, _ end: JobEnd
  ) throws {
    let files = open.fileSystem
    try end.check()
    let entries: [DirectoryEntry]
    do throws(Errno) {
      let flags = Self.mask | (isRoot ? 0 : UInt32(IN_DONT_FOLLOW))
      add(try files.watch(path, mask: flags, with: open.number), path, name: nil, isRecursive: true)
      entries = try files.allEntries(of: path)
    } catch {
      if !isRoot && [ENOENT, ENOTDIR, ELOOP, EACCES].contains(error.code) { return }
      throw error.named("watch", path.description)
    }
    for entry in entries {
      let below = path / entry.name
      if tellingFound { found(below) }
      if entry.kind == .directory || entry.kind == .unknown {
        try watchTree(below, with: open, tellingFound: tellingFound, end)
      }
    }
  }
}

extension FileSystem {
  fileprivate func allEntries(of path: Path) throws(Errno) -> [DirectoryEntry] {
    let number = try open(path, at: workingDirectory, flags: O_RDONLY | O_DIRECTORY, mode: 0)
    defer { try? close(number) }
    var entries: [DirectoryEntry] = []
    while try readEntries(of: number, into: &entries) {}
    return entries
  }
}
