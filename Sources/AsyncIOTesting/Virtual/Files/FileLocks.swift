// SPDX-License-Identifier: Apache-2.0
// Locks of open file descriptions (fcntl(2), "Open file description locks"): they belong to the description, not to the
// process, and go when it is closed.

import AsyncIOCore

/// The locks of all files.
struct FileLocks {
  private struct Lock {
    var range: Range<Int>
    let isExclusive: Bool
    let owner: UInt64
  }

  private var locks: [UInt64: [Lock]] = [:]

  /// Sets, changes or takes away an owner's lock of a part. False if another owner's lock is in the way; then nothing
  /// has changed.
  mutating func set(_ lock: FileLock, of inode: UInt64, from offset: Int, count: Int, owner: UInt64) -> Bool {
    let (sum, overflow) = offset.addingReportingOverflow(count)
    let range = offset..<(count == 0 || overflow ? Int.max : sum)
    var all = locks[inode] ?? []
    if lock != .unlocked {
      let isBlocked = all.contains {
        $0.owner != owner && $0.range.overlaps(range) && (lock == .exclusive || $0.isExclusive)
      }
      if isBlocked { return false }
    }
    // What the owner had there is replaced; the parts before and behind stay.
    all = all.flatMap { old -> [Lock] in
      guard old.owner == owner, old.range.overlaps(range) else { return [old] }
      return [
        old.range.lowerBound..<max(old.range.lowerBound, range.lowerBound),
        min(old.range.upperBound, range.upperBound)..<old.range.upperBound,
      ].filter { !$0.isEmpty }.map { Lock(range: $0, isExclusive: old.isExclusive, owner: owner) }
    }
    if lock != .unlocked { all.append(Lock(range: range, isExclusive: lock == .exclusive, owner: owner)) }
    locks[inode] = all.isEmpty ? nil : all
    return true
  }

  /// A description is closed.
  mutating func close(_ owner: UInt64, inode: UInt64) {
    let left = locks[inode]?.filter { $0.owner != owner } ?? []
    locks[inode] = left.isEmpty ? nil : left
  }
}
