// SPDX-License-Identifier: Apache-2.0
// A trait that runs tests on loops of their own. Swift Testing asks a trait for the scope of each test case, and hands
// it the call to make. That call is made on a fresh loop. So each case of a parameterised test has a loop, and tests
// run in parallel as usual.
//
// Swift Testing's own issue handling adds the seed of a virtual run as a comment to each issue that the test records.
// So it stands beside the failure, and passing tests print nothing. An error that the test throws becomes an issue
// outside of all scopes: the seed is recorded as a warning beside it. An issue of a detached task belongs to no test.
// Swift Testing shows it to every handler and to the run itself. So the handler here drops it, or it would be counted
// once for each running test, and the seed goes to standard error.

public import AsyncIOCore
import Glibc
import Synchronization
public import Testing

/// Runs a test, or each test of a suite, on an event loop of its own.
///
/// ```swift
/// @Test(.eventLoop) func echoes() async throws {
///   let server = try await startServer(host: "127.0.0.1", port: 0) { reader, writer in
///     try await writer.write(try await reader.readToEnd())
///   }
///   let (reader, writer) = try await openConnection(host: "127.0.0.1", port: server.port)
///   try await writer.write("hello")
///   try await writer.writeEOF()
///   #expect(try await reader.readToEnd() == Array("hello".utf8))
///   server.close()
/// }
///
/// @Suite(.virtualTime) struct Retries {
///   @Test func waitsAnHour() async throws {
///     let start = EventLoop.current.time
///     try await Task.sleep(for: .seconds(3600))  // takes no time
///     #expect(start.duration(to: EventLoop.current.time) == .seconds(3600))
///   }
/// }
/// ```
///
/// The test's code runs on the loop's thread, and so does everything it starts: `Task {}`, `Task.detached`, child
/// tasks, actors, `Task.sleep`. So does code of the main actor, such as a test that is isolated to it.
///
/// Everything that a test leaves behind is cancelled when the test ends. Leftovers are running tasks, open servers, and
/// errors that no task awaited. The test records each once, as a warning with the place where it was made. Warnings do
/// not fail the test.
///
/// Tests run in parallel with others. On the main actor they take turns; in virtual time, each keeps it until it ends.
/// Where a suite and a test in it both have this trait, the test's trait applies.
public struct EventLoopTrait: TestTrait, SuiteTrait, TestScoping {
  enum Kind: Sendable {
    case kernel(BackendKind?)
    case virtual(seed: UInt64?)
  }

  let kind: Kind

  /// True: the trait of a suite applies to each test in it.
  public var isRecursive: Bool { true }

  /// This trait for a test case; nil for a suite or a test as a whole.
  public func scopeProvider(for test: Test, testCase: Test.Case?) -> EventLoopTrait? { testCase == nil ? nil : self }

  /// Runs the test case on a fresh event loop.
  public func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    let reports = RunReports()
    defer {
      for report in reports.all {
        Issue.record(Comment(rawValue: report), severity: .warning, sourceLocation: test.sourceLocation)
      }
    }
    switch kind {
    case .kernel(let backend):
      try await withoutActuallyEscaping(function) { function in
        try await LoopRun.run(
          name: test.name, reports: reports, makeBackend: { try BackendChoice.make(backend) }, function)
      }
    case .virtual(let seed):
      try await provideVirtualScope(
        for: test, testCase: testCase, seed: seed, reports: reports, performing: function)
    }
  }

  private func provideVirtualScope(
    for test: Test, testCase: Test.Case?, seed: UInt64?, reports: RunReports,
    performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    let drawn = try seed ?? TestSeed.draw()
    let line = Comment(rawValue: TestSeed.replayLine(drawn))
    let running = RunningLoop()
    let issues = IssueHandlingTrait.compactMapIssues { issue in
      guard Test.current != nil else {
        if running.isCurrent { writeToStandardError("\(line.rawValue)\n") }
        return nil
      }
      guard !issue.comments.contains(line) else { return issue }
      var issue = issue
      issue.comments.append(line)
      return issue
    }
    try await issues.provideScope(for: test, testCase: testCase) {
      do {
        try await withoutActuallyEscaping(function) { function in
          try await runVirtually(name: test.name, seed: drawn, reports: reports) {
            running.set(EventLoop.onThisThread)
            try await function()
          }
        }
      } catch {
        // `#require` records its issue before it throws.
        if !(error is ExpectationFailedError) {
          Issue.record("the test threw an error", severity: .warning, sourceLocation: test.sourceLocation)
        }
        throw error
      }
    }
  }
}

/// The loop of a test, to recognize it from any code that runs on it.
private final class RunningLoop: Sendable {
  private let identity = Mutex<ObjectIdentifier?>(nil)

  func set(_ loop: EventLoop?) { identity.withLock { $0 = loop.map(ObjectIdentifier.init) } }

  var isCurrent: Bool {
    guard let loop = EventLoop.onThisThread else { return false }
    return identity.withLock { $0 == ObjectIdentifier(loop) }
  }
}

extension Trait where Self == EventLoopTrait {
  /// A fresh event loop for each test, on the backend that AIO_BACKEND names, or else the best one available.
  public static var eventLoop: Self { Self(kind: .kernel(nil)) }

  /// A fresh event loop for each test on this backend. The test fails where the backend is not available. `.virtual` is
  /// `.virtualTime`.
  public static func eventLoop(_ backend: BackendKind) -> Self {
    Self(kind: backend == .virtual ? .virtual(seed: nil) : .kernel(backend))
  }

  /// A fresh event loop with virtual time for each test: see `withVirtualTime`. The order of ready jobs is drawn from a
  /// seed, AIO_TEST_SEED or a random one, which is added to each issue of the test.
  public static var virtualTime: Self { Self(kind: .virtual(seed: nil)) }

  /// A fresh event loop with virtual time for each test, with the order of ready jobs drawn from this seed.
  public static func virtualTime(seed: UInt64) -> Self { Self(kind: .virtual(seed: seed)) }
}

enum TestSeed {
  /// The value of AIO_TEST_SEED, or a random number short enough to type.
  static func draw() throws -> UInt64 {
    guard let value = getenv("AIO_TEST_SEED"), value.pointee != 0 else { return .random(in: 1..<1_000_000_000) }
    let text = String(cString: value)
    guard let seed = UInt64(text) else { throw TestSeedError(value: text) }
    return seed
  }

  static func replayLine(_ seed: UInt64) -> String { "virtual time: seed \(seed); replay with AIO_TEST_SEED=\(seed)" }
}

/// AIO_TEST_SEED is set, but is not a whole number from 0 to 2⁶⁴ - 1.
public struct TestSeedError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The value of AIO_TEST_SEED.
  public let value: String

  /// One line with the value.
  public var description: String { "AIO_TEST_SEED=\(value): a seed is a whole number" }
}
