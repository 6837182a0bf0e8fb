// SPDX-License-Identifier: Apache-2.0

/// What becomes of a run that is due while an earlier run of the same job goes on.
public enum OverlapPolicy: Hashable, Sendable {
  /// It is left out.
  case skip
  /// It waits for the earlier ones. If the limit wait already, it is left out, and the loop's exception handler is told
  /// once.
  case queue(limit: Int)
  /// It runs beside the earlier ones. If that would be more runs than the limit at a time, it is left out.
  case allow(limit: Int)
  /// The earlier run is cancelled. This one begins when that has ended, so that they never run at the same time.
  case cancelPrevious
}

/// The runs of a job that go on or wait, as a value.
struct OverlapState<Run> {
  /// What becomes of a run that is due.
  enum Decision {
    case start
    case waits
    /// `isNew`: the first since the line had room.
    case lineIsFull(isNew: Bool)
    case leftOut
    /// It waits, and the running one is to be cancelled. The number of runs that waited before, and won't run.
    case cancelRunning(replacing: Int)
  }

  let policy: OverlapPolicy
  private(set) var running = 0
  private(set) var waiting: [Run] = []
  private var isFull = false

  init(_ policy: OverlapPolicy) { self.policy = policy }

  mutating func due(_ run: Run) -> Decision {
    let limit = if case .allow(let limit) = policy { max(1, limit) } else { 1 }
    if running < limit {
      running += 1
      return .start
    }
    switch policy {
    case .skip, .allow: return .leftOut
    case .queue(let limit):
      guard waiting.count < limit else {
        defer { isFull = true }
        return .lineIsFull(isNew: !isFull)
      }
      waiting.append(run)
      return .waits
    case .cancelPrevious:
      defer { waiting = [run] }
      return .cancelRunning(replacing: waiting.count)
    }
  }

  /// Notes the end of a run. Returns the one that is to start now.
  mutating func ended() -> Run? {
    isFull = false
    if waiting.isEmpty {
      running -= 1
      return nil
    }
    return waiting.removeFirst()
  }
}
