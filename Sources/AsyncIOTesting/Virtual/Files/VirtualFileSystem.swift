// SPDX-License-Identifier: Apache-2.0
// The tree behind a mutex. Nothing waits here, so the loop calls it directly; other threads may call as well, for a
// thread of the blocking pool may hold an open file.

package import AsyncIOCore
import Glibc
import Synchronization

package final class VirtualFileSystem: FileSystem {
  private struct State: Sendable {
    var tree: FileTree
    var calls = 0
  }

  private let state: Mutex<State>
  /// Nanoseconds since 1970 of the virtual world's clock.
  private let now: @Sendable () -> Int64
  /// Told when a watch's descriptor has become readable, on the thread that changed something.
  private let changed: Mutex<(@Sendable () -> Void)?> = Mutex(nil)

  package init(now: @escaping @Sendable () -> Int64) {
    self.now = now
    state = Mutex(State(tree: FileTree(now: now())))
  }

  package func onChange(_ body: (@Sendable () -> Void)?) { changed.withLock { $0 = body } }

  package var isImmediate: Bool { true }
  package var calls: Int { state.withLock { $0.calls } }

  /// The descriptors of watches that have become readable since the last call.
  package func takeReadable() -> [Int32] {
    state.withLock { state in
      let ids = state.tree.watches.takeReadable()
      return ids.isEmpty ? [] : state.tree.descriptors.filter { ids.contains($0.value) }.map(\.key).sorted()
    }
  }

  /// Whether `takeReadable` has something to say.
  package var hasNews: Bool { state.withLock { !$0.tree.watches.readable.isEmpty } }

  /// Whether a descriptor of a watch is readable; nil if the number is not one of those.
  package func isReadable(_ descriptor: Int32) -> Bool? { state.withLock { $0.tree.isReadable(descriptor) } }

  /// How many descriptors are open.
  package var openCount: Int { state.withLock { $0.tree.descriptors.count } }

  // MARK: - The world

  /// Whether writing fails with EROFS.
  package var isReadOnly: Bool {
    get { state.withLock { $0.tree.isReadOnly } }
    set { state.withLock { $0.tree.isReadOnly = newValue } }
  }

  /// What the files may take in all, in bytes; beyond that ENOSPC.
  package var capacity: Int {
    get { state.withLock { $0.tree.capacity } }
    set { state.withLock { $0.tree.capacity = newValue } }
  }

  /// How many descriptors may be open; one more is EMFILE.
  package var descriptorLimit: Int {
    get { state.withLock { $0.tree.descriptorLimit } }
    set { state.withLock { $0.tree.descriptorLimit = newValue } }
  }

  /// Leaves what was synced, as a loss of power does.
  package func crash() {
    let now = now()
    state.withLock { $0.tree.crash(now: now) }
  }

  // MARK: - Calls

  func read<Value: Sendable>(_ body: (FileTree) throws(Errno) -> Value) throws(Errno) -> Value {
    let result = state.withLock { state -> Result<Value, Errno> in
      state.calls += 1
      do throws(Errno) { return .success(try body(state.tree)) } catch { return .failure(error) }
    }
    return try result.get()
  }

  func change<Value: Sendable>(
    _ body: (inout FileTree, Int64) throws(Errno) -> Value
  ) throws(Errno) -> Value {
    let now = now()
    var isNews = false
    let result = state.withLock { state -> Result<Value, Errno> in
      state.calls += 1
      defer { isNews = !state.tree.watches.readable.isEmpty }
      do throws(Errno) { return .success(try body(&state.tree, now)) } catch { return .failure(error) }
    }
    if isNews { changed.withLock { $0 }?() }
    return try result.get()
  }

  package func open(_ path: Path, at directory: Int32, flags: Int32, mode: UInt32) throws(Errno) -> Int32 {
    try change { (tree, now) throws(Errno) in
      try tree.open(path, at: directory, flags: flags, mode: mode, now: now)
    }
  }

  package func openIfCached(_ path: Path) throws(Errno) -> Int32? {
    try open(path, at: workingDirectory, flags: O_RDONLY, mode: 0)
  }

  package func close(_ descriptor: Int32) throws(Errno) {
    try change { (tree, _) throws(Errno) in try tree.close(descriptor) }
  }

  package func isLocal(_ descriptor: Int32) -> Bool { true }

  package func read(
    _ descriptor: Int32, at offset: Int?, into pieces: [UnsafeMutableRawBufferPointer], waiting: Bool
  ) throws(Errno) -> Int? {
    let wanted = pieces.reduce(0) { $0 + $1.count }
    let bytes = try change { (tree, now) throws(Errno) in
      try tree.read(descriptor, at: offset, upTo: wanted, now: now)
    }
    var done = 0
    for piece in pieces where done < bytes.count {
      let part = bytes[done..<min(bytes.count, done + piece.count)]
      piece.copyBytes(from: part)
      done += part.count
    }
    return bytes.count
  }

  package func write(
    _ descriptor: Int32, at offset: Int?, from pieces: [UnsafeRawBufferPointer], waiting: Bool
  ) throws(Errno) -> Int? {
    try change { (tree, now) throws(Errno) in try tree.write(descriptor, at: offset, pieces, now: now) }
  }

  package func sync(_ descriptor: Int32, dataOnly: Bool) throws(Errno) {
    try change { (tree, _) throws(Errno) in tree.sync(try tree.description(descriptor).inode) }
  }

  package func truncate(_ descriptor: Int32, to size: Int) throws(Errno) {
    try change { (tree, now) throws(Errno) in try tree.truncate(descriptor, to: size, now: now) }
  }

  package func allocate(_ descriptor: Int32, from offset: Int, count: Int) throws(Errno) {
    try change { (tree, now) throws(Errno) in try tree.allocate(descriptor, from: offset, count: count, now: now) }
  }

  package func copyRange(
    from source: Int32, at offset: Int, to target: Int32, at targetOffset: Int, count: Int
  ) throws(Errno) -> Int {
    try change { (tree, now) throws(Errno) in
      try tree.copyRange(from: source, at: offset, to: target, at: targetOffset, count: count, now: now)
    }
  }

  package func clone(_ source: Int32, to target: Int32) throws(Errno) {
    try change { (tree, now) throws(Errno) in try tree.clone(source, to: target, now: now) }
  }

  package func lock(
    _ descriptor: Int32, _ lock: FileLock, from offset: Int, count: Int, waiting: Bool
  ) throws(Errno) -> Bool {
    try change { (tree, _) throws(Errno) in
      let description = try tree.description(descriptor)
      if lock == .shared && !description.mayRead || lock == .exclusive && !description.mayWrite { throw Errno(EBADF) }
      guard let owner = tree.descriptors[descriptor] else { throw Errno(EBADF) }
      return tree.locks.set(lock, of: description.inode, from: offset, count: count, owner: owner)
    }
  }
}
