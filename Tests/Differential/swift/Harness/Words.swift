// SPDX-License-Identifier: Apache-2.0
// Functions of the scenarios with one meaning in both languages; see harness.py.

import AsyncIO

/// The error that scenarios raise.
struct Failure: Error {
  let message: String

  init(_ message: String) { self.message = message }
}

/// An error in words that the Python side uses too.
func describe(_ error: any Error) -> String {
  switch error {
  case is CancellationError: "cancelled"
  case is TimeoutError: "timeout"
  case is BrokenBarrierError: "broken barrier"
  case is QueueShutDown: "queue shut down"
  case let error as ErrorGroup: "group(\(error.errors.map { describe($0) }.joined(separator: ", ")))"
  case let error as Failure: error.message
  default: "\(error)"
  }
}

/// Lets all other tasks run until each of them waits.
nonisolated(nonsending) func rest() async throws {
  for _ in 0..<30 { try await sleep(.zero) }
}

/// Waits until it is cancelled.
nonisolated(nonsending) func forever() async throws { try await sleep(.seconds(3600)) }

/// How a task or future ended, in a word.
func describe<Value>(_ result: Result<Value, any Error>?) -> String {
  switch result {
  case .success(let value): "\(value)"
  case .failure(let error): describe(error)
  case nil: "pending"
  }
}
