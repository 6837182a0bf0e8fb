// SPDX-License-Identifier: Apache-2.0
// Where a call on a file is answered. A read that finds its bytes in the page cache takes a microsecond, and a hop to
// another thread and back ten times as long. But no call may keep the loop waiting for a disk.
//
// - At once: what the kernel promises to answer without waiting (RWF_NOWAIT, Linux 4.14), up to a size that costs the
//   loop some ten microseconds to copy. It is counted against the job's budget.
// - By the ring: reads of what is not cached, large writes, and syncs. The kernel waits for the disk on a thread of its
//   own, or on none, and such a wait can be cancelled.
// - On a thread of the blocking pool: everything else. Several calls that belong together are one job there.
//
// A file system that never waits answers everything at once.

/// The ways, and the decision between them: a value, so that it can be tried without a kernel.
package enum FileRoute: Equatable {
  case atOnce, ring, pool

  /// What may be copied on the loop's thread, in bytes.
  package static let largestAtOnce = 256 * 1024
  /// From here on a write by the ring is cheaper than a job for the pool.
  package static let smallestRingWrite = 128 * 1024

  /// The first attempt at a read.
  package static func read(_ count: Int, isSeekable: Bool) -> FileRoute {
    isSeekable && count <= largestAtOnce ? .atOnce : .pool
  }

  /// A read that `atOnce` couldn't answer, or that is too large for it.
  package static func uncachedRead(isSeekable: Bool, ringReads: Bool) -> FileRoute {
    isSeekable && ringReads ? .ring : .pool
  }

  /// The first attempt at a write.
  package static func write(_ count: Int, isSeekable: Bool, triesAtOnce: Bool, ringWrites: Bool) -> FileRoute {
    if isSeekable && triesAtOnce && count <= largestAtOnce { return .atOnce }
    return waitingWrite(count, isSeekable: isSeekable, ringWrites: ringWrites)
  }

  /// A write that `atOnce` couldn't answer.
  package static func waitingWrite(_ count: Int, isSeekable: Bool, ringWrites: Bool) -> FileRoute {
    isSeekable && ringWrites && count >= smallestRingWrite ? .ring : .pool
  }
}
