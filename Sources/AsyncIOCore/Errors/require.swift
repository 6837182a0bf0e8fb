// SPDX-License-Identifier: Apache-2.0
// `precondition` says its sentence in debug builds only: with optimization it traps without a word. What a user of the
// library can do wrong, and what the kernel refuses, is told in every build.

/// Ends the process with the sentence unless the condition holds, whatever the program was built with.
@inline(__always)
package func require(
  _ condition: @autoclosure () -> Bool, _ sentence: @autoclosure () -> String, file: StaticString = #fileID,
  line: UInt = #line
) {
  if !condition() { fatalError(sentence(), file: file, line: line) }
}
