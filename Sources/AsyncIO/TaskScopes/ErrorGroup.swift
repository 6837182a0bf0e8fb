// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// Several errors that happened side by side; Python's `ExceptionGroup`. A task scope throws one when tasks in it
/// failed. It does so even for a single failure, so that a `catch` needs only one case.
///
/// ```swift
/// do {
///   try await withTaskScope { scope in
///     for url in urls { scope.createTask(name: url) { try await download(url) } }
///   }
/// } catch let group as ErrorGroup {
///   let (network, rest) = group.split { $0 is SystemError }
///   print("network:", network?.errors ?? [])
///   if let rest { throw rest }
/// }
/// ```
public struct ErrorGroup: Error, Sendable, CustomStringConvertible {
  /// A summary: `2 tasks of a scope failed`.
  public let message: String
  /// The errors, at least one, in the order in which they happened. Errors may be groups themselves.
  public let errors: [any Error]

  /// Makes a group.
  ///
  /// - Precondition: There is at least one error.
  public init(
    _ message: String, _ errors: [any Error], file: StaticString = #fileID, line: UInt = #line
  ) {
    require(!errors.isEmpty, "ErrorGroup: errors must not be empty", file: file, line: line)
    self.message = message
    self.errors = errors
  }

  /// The errors that aren't groups, at any depth, in their order.
  public var leaves: [any Error] {
    errors.flatMap { error in (error as? ErrorGroup)?.leaves ?? [error] }
  }

  /// The errors of one type, at any depth.
  public func errors<Failure: Error>(of type: Failure.Type) -> [Failure] { leaves.compactMap { $0 as? Failure } }

  /// The group with only the leaves that satisfy the condition, nested groups included; nil if no leaf does. Python's
  /// `subgroup`.
  public func filter(_ isIncluded: (any Error) -> Bool) -> ErrorGroup? { split(isIncluded).matching }

  /// Splits the group in two: the leaves that satisfy the condition, and the others. A side without leaves is nil.
  /// Python's `split`, and the work of `except*`.
  public func split(_ isMatching: (any Error) -> Bool) -> (matching: ErrorGroup?, rest: ErrorGroup?) {
    var matching: [any Error] = []
    var rest: [any Error] = []
    for error in errors {
      if let group = error as? ErrorGroup {
        let parts = group.split(isMatching)
        if let part = parts.matching { matching.append(part) }
        if let part = parts.rest { rest.append(part) }
      } else if isMatching(error) {
        matching.append(error)
      } else {
        rest.append(error)
      }
    }
    return (
      matching.isEmpty ? nil : ErrorGroup(message, matching), rest.isEmpty ? nil : ErrorGroup(message, rest)
    )
  }

  public var description: String { "\(message): \(errors.map { "\($0)" }.joined(separator: "; "))" }
}
