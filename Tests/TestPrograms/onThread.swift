// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// Runs what blocks on a thread of its own. The threads that tests run on are as few as the machine has cores: one that
/// waits for a program keeps other tests from going on, and those with virtual time say then that they make no progress.
public func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
  await withCheckedContinuation { continuation in
    startThread(name: "blocking") { continuation.resume(returning: body()) }
  }
}
