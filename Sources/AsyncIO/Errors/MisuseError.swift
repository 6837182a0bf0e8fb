// SPDX-License-Identifier: Apache-2.0

/// A call that makes no sense, told by a function that throws anyway: a mistake in the program. Where a function does
/// not throw, a mistake ends the process with the same kind of sentence.
public struct MisuseError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The function and what is wrong: `wait: there is nothing to wait for`.
  public let description: String

  init(_ description: String) { self.description = description }
}
