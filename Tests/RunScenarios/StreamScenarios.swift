// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import Glibc

extension RunScenarios {
  /// Numbers the lines of standard input, and prints their length in bytes on standard error.
  static func standardStreams() throws {
    try EventLoop.run {
      let input = try await StreamReader.standardInput()
      let output = try await StreamWriter.standardOutput()
      var lines = 0
      var bytes = 0
      for try await line in input.lines {
        lines += 1
        bytes += line.utf8.count
        do {
          try await output.write("\(lines): \(line)\n")
        } catch {
          // Standard output has no reader any more: printing to it would end the process by SIGPIPE.
          exit(1)
        }
      }
      try await output.close()
      let errors = try await StreamWriter.standardError()
      try await errors.write("\(lines) lines, \(bytes) bytes\n")
      try await errors.close()
    }
  }

  /// Bytes written just before the body returns are still sent.
  static func lastWords() throws {
    try EventLoop.run {
      let output = try await StreamWriter.standardOutput()
      try await output.write("last words\n")
    }
  }
}
