// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

/// Something that has happened to a watched file; see `watch`.
public struct FileEvent: Hashable, Sendable, CustomStringConvertible {
  /// What has happened, as far as it still holds at the end of the window.
  public enum Kind: Hashable, Sendable {
    /// The name is new.
    case created
    /// The content was written to, or its length changed.
    case modified
    /// Permissions, owner, times or the number of names changed, and not the content.
    case attributesChanged
    /// The name is gone.
    case removed
    /// Another file has the name: one that was written beside it and renamed, as in an atomic save, or that came from
    /// elsewhere. Whether there was one before isn't known.
    case replaced
    /// A file that had another name has this one.
    case renamed(from: Path)
    /// More has happened than the kernel keeps (`/proc/sys/fs/inotify/max_queued_events`), and some of it was lost:
    /// look through the watched files. The path is empty.
    case overflow
  }

  /// What has happened.
  public let kind: Kind
  /// To which file. It begins as the watched path does.
  public let path: Path

  package init(_ kind: Kind, _ path: Path) {
    self.kind = kind
    self.path = path
  }

  /// One line.
  public var description: String {
    switch kind {
    case .renamed(let old): "renamed \(old) to \(path)"
    case .overflow: "overflow"
    default: "\(kind) \(path)"
    }
  }
}
