// SPDX-License-Identifier: Apache-2.0
// `precondition` prints its sentence in debug builds only; with optimization it traps silently. Misuse by the library's
// users, and refusals of the kernel, are reported in every build.

/// The place of the user's call, for a sentence about a misuse.
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

/// Ends the process with the sentence unless the condition holds, in every build. For a misuse, the file and the line
/// are those of the user's call.
@inline(__always)
package func require(
  _ condition: @autoclosure () -> Bool, _ sentence: @autoclosure () -> String, file: StaticString = #fileID,
  line: UInt = #line
) {
  if !condition() { fatalError(sentence(), file: file, line: line) }
}
