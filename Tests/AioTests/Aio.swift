// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A run of the command line tool.
final class Aio: @unchecked Sendable {
  // Sendable: used by one test at a time.
  private let process = Process()
  private let output = Pipe()
  private let errors = Pipe()
  private let input = Pipe()

  struct Result {
    let output: String
    let errors: String
    let status: Int32
  }

  /// - Parameter standardOutput: Where the output goes; nil collects it for the result.
  init(
    _ arguments: [String], input text: String = "", environment: [String: String] = [:],
    standardOutput: FileHandle? = nil
  ) throws {
    // SwiftPM builds the package's executables beside the program that runs its tests.
    let folder = URL(fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
      .deletingLastPathComponent()
    process.executableURL = folder.appendingPathComponent("aio")
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = input
    if let standardOutput { process.standardOutput = standardOutput } else { process.standardOutput = output }
    process.standardError = errors
    // A child inherits the mask of blocked signals, and the threads of pools and loops block most.
    var none = sigset_t()
    var before = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try process.run()
    if standardOutput != nil { try output.fileHandleForWriting.close() }
    try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
    try input.fileHandleForWriting.close()
  }

  func interrupt() { kill(process.processIdentifier, SIGINT) }

  /// Waits for the end, without blocking the loop or the thread of the test.
  func finish() async -> Result {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread { [self] in
        let errorText = Collected()
        let done = DispatchSemaphore(value: 0)
        Thread.detachNewThread { [errors] in
          errorText.data = errors.fileHandleForReading.readDataToEndOfFile()
          done.signal()
        }
        let outputData = output.fileHandleForReading.readDataToEndOfFile()
        done.wait()
        process.waitUntilExit()
        continuation.resume(
          returning: Result(
            output: String(decoding: outputData, as: UTF8.self),
            errors: String(decoding: errorText.data, as: UTF8.self), status: process.terminationStatus))
      }
    }
  }

  static func run(
    _ arguments: String..., input: String = "", environment: [String: String] = [:]
  ) async throws -> Result {
    try await Aio(arguments, input: input, environment: environment).finish()
  }
}

private final class Collected: @unchecked Sendable {
  // Sendable: written before the semaphore is signalled and read after it.
  var data = Data()
}

func temporaryFolder() throws -> URL {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("asyncio-aio-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  return folder
}
