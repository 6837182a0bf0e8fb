// SPDX-License-Identifier: Apache-2.0
// `precondition` says its sentence in debug builds only: with optimization it traps without a word. What a user of the
// library can do wrong, and what the kernel refuses, is told in every build.

/// Where the user's code has called; what a sentence about a misuse names.
package struct CodePlace: Sendable {
  let file: StaticString
  let line: UInt

  package init(file: StaticString, line: UInt) {
    self.file = file
    self.line = line
  }

  @inline(__always)
  package func require(_ condition: @autoclosure () -> Bool, _ sentence: @autoclosure () -> String) {
    AsyncIOCore.require(condition(), sentence(), file: file, line: line)
  }
}

/// Ends the process with the sentence unless the condition holds, whatever the program was built with. Where a user's
/// call is wrong, the file and the line are the call's.
@inline(__always)
package func require(
  _ condition: @autoclosure () -> Bool, _ sentence: @autoclosure () -> String, file: StaticString = #fileID,
  line: UInt = #line
) {
  if !condition() { fatalError(sentence(), file: file, line: line) }
}
