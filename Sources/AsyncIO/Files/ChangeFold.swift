// SPDX-License-Identifier: Apache-2.0
// What a window of raw events comes to: a value without I/O. An editor's save is five events, and one change to the
// program. A file that was made and renamed within the window is `replaced`; one that came and went is nothing.

import AsyncIOCore

struct ChangeFold: Sendable {
  enum Raw {
    case created, modified, attributesChanged, removed
    case movedAway(cookie: UInt32)
    case movedHere(cookie: UInt32)
  }

  private var order: [Path] = []
  private var net: [Path: FileEvent.Kind] = [:]
  /// Renames of which the new name isn't known yet, oldest first.
  private var leaving: [(cookie: UInt32, path: Path)] = []
  private var hasOverflowed = false

  var isEmpty: Bool { net.isEmpty && leaving.isEmpty && !hasOverflowed }

  mutating func overflow() { hasOverflowed = true }

  mutating func add(_ raw: Raw, _ path: Path) {
    switch raw {
    case .created: put(net[path] == .removed ? .replaced : net[path] ?? .created, path)
    case .modified:
      switch net[path] {
      case nil, .attributesChanged: put(.modified, path)
      default: break
      }
    case .attributesChanged: if net[path] == nil { put(.attributesChanged, path) }
    case .removed: remove(path)
    case .movedAway(let cookie): leaving.append((cookie, path))
    case .movedHere(let cookie):
      guard let index = leaving.firstIndex(where: { $0.cookie == cookie }) else { return put(.replaced, path) }
      move(leaving.remove(at: index).path, to: path)
    }
  }

  /// The changes, in the order in which their files were first touched.
  mutating func take() -> [FileEvent] {
    // It went to where nobody watches.
    for (_, path) in leaving { remove(path) }
    var events = order.compactMap { path in net[path].map { FileEvent($0, path) } }
    if hasOverflowed { events.append(FileEvent(.overflow, "")) }
    self = ChangeFold()
    return events
  }

  private mutating func put(_ kind: FileEvent.Kind, _ path: Path) {
    if net.updateValue(kind, forKey: path) == nil { order.append(path) }
  }

  private mutating func drop(_ path: Path) {
    net[path] = nil
    order.removeAll { $0 == path }
  }

  private mutating func remove(_ path: Path) {
    switch net[path] {
    case .created: drop(path)
    case .renamed(let old):
      drop(path)
      put(net[old] == .created ? .replaced : .removed, old)
    default: put(.removed, path)
    }
  }

  private mutating func move(_ old: Path, to path: Path) {
    let before = net[old]
    drop(old)
    switch before {
    // It was made within the window: nobody has seen its old name.
    case .created: put(.replaced, path)
    case .renamed(let first) where first == path: drop(path)
    case .renamed(let first): put(.renamed(from: first), path)
    case .replaced:
      // The one that had the old name before is gone, too.
      put(.removed, old)
      put(.replaced, path)
    default: put(.renamed(from: old), path)
    }
  }
}
