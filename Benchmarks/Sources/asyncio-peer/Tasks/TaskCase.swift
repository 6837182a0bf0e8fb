// SPDX-License-Identifier: Apache-2.0
// The costs of tasks. The contract's cases have plain names and are written the natural way: in the body of
// `EventLoop.run`, on the main actor. The others use another isolation or another tool of the language, to compare.

enum TaskCase: String, CaseIterable {
  case yield1, yield, spawn, gather, queue, sleep, cancel, rss

  case yieldNonisolated = "yield-nonisolated"
  case yieldConcurrent = "yield-concurrent"
  case taskYield = "yield-Task.yield"
  case spawnConcurrent = "spawn-concurrent"
  case spawnImmediate = "spawn-immediate"
  case gatherImmediate = "gather-immediate"
  case gatherConcurrent = "gather-concurrent"
  case gatherGroup = "gather-group"
  case gatherGroupMain = "gather-group-main"
  case gatherSuspending = "gather-suspending"
  case gatherTasks = "gather-Task"
  case gatherHandles = "gather-createTask"
  case spawnHandle = "spawn-createTask"
  case lock, semaphore, timeout
  case queueConcurrent = "queue-concurrent"
  case cancelSoon = "cancel-soon"
  case cancelConcurrent = "cancel-concurrent"
  case sleepStandard = "sleep-Task.sleep"

  @MainActor func measure(_ count: Int) async throws -> Report {
    switch self {
    case .yield1: try await measureYieldAlone(count)
    case .yield: try await measureYield(count)
    case .yieldNonisolated: try await measureYieldNonisolated(count)
    case .yieldConcurrent: try await measureYieldConcurrent(count)
    case .taskYield: try await measureTaskYield(count)
    case .spawn: await measureSpawn(count)
    case .spawnConcurrent: await measureSpawnConcurrent(count)
    case .spawnImmediate: await measureSpawnImmediate(count)
    case .gatherImmediate: await measureGatherImmediate(count)
    case .gather: try await measureGather(count)
    case .gatherSuspending: try await measureGatherSuspending(count)
    case .gatherTasks: await measureGatherTasks(count)
    case .gatherHandles: try await measureGatherHandles(count)
    case .spawnHandle: try await measureSpawnHandle(count)
    case .lock: try await measureLock(count)
    case .semaphore: try await measureSemaphore(count)
    case .timeout: try await measureTimeout(count)
    case .gatherConcurrent: await measureGatherConcurrent(count)
    case .gatherGroup: await measureGatherGroup(count)
    case .gatherGroupMain: await measureGatherGroupOnMainActor(count)
    case .queue: try await measureQueue(count)
    case .queueConcurrent: try await measureQueueConcurrent(count)
    case .sleep: try await measureSleep(count)
    case .sleepStandard: try await measureStandardSleep(count)
    case .cancel: try await measureCancel(count)
    case .cancelSoon: try await measureCancelSoon(count)
    case .cancelConcurrent: try await measureCancelConcurrent(count)
    case .rss: try await measureIdleTasks(count)
    }
  }
}
