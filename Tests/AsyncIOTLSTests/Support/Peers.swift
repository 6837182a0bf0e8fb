// SPDX-License-Identifier: Apache-2.0
// Other implementations' programs.

import Glibc
import TestSupport

extension TestProgram {
  /// The port that a server prints in a line such as `ACCEPT 127.0.0.1:1234` or `1234`. Blocks.
  func port() throws -> UInt16 {
    var seen = ""
    while let line = readLine() {
      let word = line.split(whereSeparator: { $0 == ":" || $0 == " " }).last
      if line.hasPrefix("ACCEPT") || line.allSatisfy(\.isNumber), let word, let port = UInt16(word) { return port }
      seen += line + "\n"
    }
    throw TestProgramError("no port: \(seen)")
  }
}

/// Starts another implementation's server, and gives its port to the body.
func withPeer<Value: Sendable>(
  _ words: [String], _ body: (UInt16, TestProgram) async throws -> Value
) async throws -> Value {
  let peer = try TestProgram(words[0], Array(words.dropFirst()), input: .pipe, errors: .withOutput)
  defer { peer.stop(SIGKILL) }
  let port = await onThread { Result { try peer.port() } }
  return try await body(try port.get(), peer)
}

/// Runs a program to its end and returns its output.
func output(of words: [String], input: String = "") async throws -> String {
  try await TestProgram.run(words[0], Array(words.dropFirst()), input: input).output
}
