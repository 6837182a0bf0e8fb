// SPDX-License-Identifier: Apache-2.0

/// A command of the tool: its name, its options and its work.
protocol Command {
  static var name: String { get }
  /// One sentence.
  static var abstract: String { get }
  /// Paragraphs, with an empty line between them.
  static var discussion: String { get }
  static var options: [CommandOption] { get }
  /// The argument that it takes any number of times; nil if it takes only options.
  static var argument: (name: String, help: String)? { get }

  /// - Throws: `CommandFailure` if a value can't be read.
  init(_ arguments: Arguments) throws

  func run() throws
}

extension Command {
  static var options: [CommandOption] { [] }
  static var argument: (name: String, help: String)? { nil }

  /// Reads the words after the command's name and runs it.
  static func run(_ words: [String]) throws {
    let arguments = try Arguments(words, options: options)
    if argument == nil { try arguments.requireNoMore() }
    try Self(arguments).run()
  }
}
