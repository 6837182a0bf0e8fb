// SPDX-License-Identifier: Apache-2.0
// A closure can't go to another process: it is code with references to memory. A job is a value that can, with the
// function to call on it. Both processes run the same program, so the type's mangled name finds it there, and nothing
// has to be registered.

import BinaryCoding

/// Work for another process: a value, and what to do with it there.
///
/// ```swift
/// struct Square: ProcessJob {
///   let n: Int
///   func run() -> Int { n * n }
/// }
///
/// let pool = ProcessPoolExecutor(maxWorkers: 2)
/// let nine = try await pool.submit(Square(n: 3))
/// ```
///
/// The job and its result are copied between the processes by their `Codable` code. A job shares no variables with the
/// program: global variables have the values that they have at the start of a program. `main` doesn't run in a worker,
/// so variables at the top level of a `main.swift` have no values there; jobs must not use them. A job's type is
/// internal or public, and declared in a file or in another type. The runtime of a worker finds no private type, and
/// none that is declared in a function.
public protocol ProcessJob<Output>: Codable, Sendable {
  /// The type of the result.
  associatedtype Output: Codable & Sendable

  /// Does the work, on the main thread of a worker. An error that is `Codable` arrives as it is; another one arrives as
  /// a `ProcessPoolError` with its description.
  func run() throws -> Output
}

/// The messages between a pool and a worker. Each is a length of four bytes, little-endian, and as many bytes of
/// values.
enum JobMessage {
  static let lengthSize = 4

  /// What a message to a worker begins with.
  enum Kind: Int, Codable { case setUp, jobs }
  /// What an answer begins with.
  enum Answer: Int, Codable { case results, failure }

  static func header(_ count: Int) -> [UInt8] { (0..<lengthSize).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } }

  static func length(_ header: [UInt8]) -> Int { header.reversed().reduce(0) { $0 << 8 | Int($1) } }

  /// The type's name for a worker.
  static func name(of type: any ProcessJob.Type) -> String? {
    guard let name = _mangledTypeName(type), _typeByName(name) == type else { return nil }
    return name
  }

  static func type(named name: String) -> (any ProcessJob.Type)? { _typeByName(name) as? any ProcessJob.Type }
}

/// An error of a job, on its way to the pool.
struct JobFailure: Codable {
  /// Which of the message's jobs has failed.
  let index: Int
  let description: String
  let type: String
  /// The mangled name of the error's type, if that is Codable.
  let name: String?
  let bytes: [UInt8]

  init(_ error: any Error, at index: Int) {
    self.index = index
    description = "\(error)"
    type = "\(Swift.type(of: error))"
    let writer = ValueWriter()
    if let codable = error as? any Error & Codable, let name = _mangledTypeName(Swift.type(of: codable)),
      (try? writer.write(codable)) != nil
    {
      self.name = name
      bytes = writer.bytes
    } else {
      name = nil
      bytes = []
    }
  }

  /// The error itself, if it was Codable.
  var error: (any Error)? {
    guard let name, let type = _typeByName(name) as? any (Error & Codable).Type else { return nil }
    return try? ValueReader(bytes).read(type)
  }
}

/// Reads, runs and answers jobs of a type. An error of a job ends the message.
func run<Job: ProcessJob>(_ type: Job.Type, _ count: Int, from reader: ValueReader, to writer: ValueWriter) throws {
  for index in 0..<count {
    do {
      try writer.write(try reader.read(Job.self).run())
    } catch {
      throw FailedJob(failure: JobFailure(error, at: index))
    }
  }
}

/// A job has failed.
struct FailedJob: Error {
  let failure: JobFailure
}

/// The answer to a message with jobs.
func answer(to message: [UInt8]) -> [UInt8] {
  do {
    let reader = ValueReader(message)
    guard try reader.read(JobMessage.Kind.self) == .jobs else { throw FailedJob(failure: .unknown("message")) }
    let name = try reader.read(String.self)
    let count = try reader.read(Int.self)
    guard let type = JobMessage.type(named: name) else { throw FailedJob(failure: .unknown("type \(name)")) }
    let writer = ValueWriter()
    try writer.write(JobMessage.Answer.results)
    try run(type, count, from: reader, to: writer)
    return writer.bytes
  } catch {
    return failureAnswer((error as? FailedJob)?.failure ?? JobFailure(error, at: 0))
  }
}

func failureAnswer(_ failure: JobFailure) -> [UInt8] {
  let writer = ValueWriter()
  // Both are plain values that are always encodable.
  do {
    try writer.write(JobMessage.Answer.failure)
    try writer.write(failure)
  } catch { preconditionFailure("\(error)") }
  return writer.bytes
}

extension JobFailure {
  fileprivate static func unknown(_ what: String) -> JobFailure {
    JobFailure(ProcessPoolError("a job", .failed(type: "ProcessPoolError", description: "unknown \(what)")), at: 0)
  }
}
