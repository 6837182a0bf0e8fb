// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation

/// A program that is none of ours, started for a test and ended with it.
final class OtherProgram: @unchecked Sendable {
  // Sendable: the process is set up before it is shared, and Foundation's own locks see to the rest.
  private let process = Process()
  private let output = Pipe()

  /// - Returns: Nil if the machine doesn't have it.
  init?(_ name: String, _ arguments: [String]) throws {
    let folders = ["/usr/bin", "/usr/local/bin", "/bin"]
    guard let folder = folders.first(where: { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }) else {
      print("\(name) is not here: no exchange with it")
      return nil
    }
    process.executableURL = URL(fileURLWithPath: "\(folder)/\(name)")
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    try process.run()
  }

  deinit { end() }

  /// The next line that it prints, without its end; empty if it has ended. Read on a thread of Dispatch.
  func line() async -> String {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async { [output] in
        var line: [UInt8] = []
        while let byte = try? output.fileHandleForReading.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") {
          line.append(byte)
        }
        continuation.resume(returning: String(decoding: line, as: UTF8.self))
      }
    }
  }

  func end() {
    if process.isRunning { process.terminate() }
  }
}
