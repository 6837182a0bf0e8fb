// SPDX-License-Identifier: Apache-2.0

/// A mistake in the program: a call that makes no sense. Functions that throw anyway throw this error; others trap with
/// the same kind of sentence.
public struct MisuseError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The function and the mistake: `wait: there is nothing to wait for`.
  public let description: String

  init(_ description: String) { self.description = description }
}
