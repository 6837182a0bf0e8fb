// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import Glibc

extension RunScenarios {
  /// Numbers the lines of standard input, and says on standard error how many bytes they had.
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
          // Nobody reads it any more: what was printed there would end the process by SIGPIPE.
          exit(1)
        }
      }
      try await output.close()
      let errors = try await StreamWriter.standardError()
      try await errors.write("\(lines) lines, \(bytes) bytes\n")
      try await errors.close()
    }
  }

  /// What was written just before the body returns leaves all the same.
  static func lastWords() throws {
    try EventLoop.run {
      let output = try await StreamWriter.standardOutput()
      try await output.write("last words\n")
    }
  }
}
