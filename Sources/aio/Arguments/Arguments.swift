// SPDX-License-Identifier: Apache-2.0
// The words after a command's name, by the rules of getopt_long(3): `-c 8`, `-c8`, `--retries 2`, `--retries=2`.
// Options may follow arguments, the last of two counts, `--` ends them, and a lone `-` is an argument. It is written
// here because a library would be downloaded by all users of this package, also those that never run `aio`.

/// An option that takes a value.
struct CommandOption {
  /// `-c` or `--from`.
  let name: String
  /// The value's name in help: `n` makes `-c <n>`.
  let value: String
  let help: String

  /// The form in help and complaints.
  var usage: String { "\(name) <\(value)>" }
}

/// The options and arguments of a command.
struct Arguments {
  /// The arguments that are not options, in order.
  private(set) var rest: [String] = []
  private var values: [String: String] = [:]
  private let options: [CommandOption]

  /// - Throws: `CommandFailure` for an unknown option or one without its value; `HelpRequest` for `-h` and `--help`.
  init(_ words: [String], options: [CommandOption]) throws {
    self.options = options
    var words = words[...]
    while let word = words.popFirst() {
      if word == "--" {
        rest += words
        break
      }
      guard word.hasPrefix("-"), word != "-" else {
        rest.append(word)
        continue
      }
      if word == "-h" || word == "--help" { throw HelpRequest() }
      let (name, attached) = Arguments.split(word)
      guard let option = options.first(where: { $0.name == name }) else {
        throw CommandFailure(.usage, "Unknown option '\(name)'")
      }
      guard let value = attached ?? words.popFirst() else {
        throw CommandFailure(.usage, "Missing value for '\(option.usage)'")
      }
      values[name] = value
    }
  }

  /// Splits `-c8` into `-c` and `8`, `--retries=2` into `--retries` and `2`.
  private static func split(_ word: String) -> (name: String, value: String?) {
    if word.hasPrefix("--") {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (String(parts[0]), parts.count > 1 ? String(parts[1]) : nil)
    }
    return (String(word.prefix(2)), word.count > 2 ? String(word.dropFirst(2)) : nil)
  }

  /// An option's value; nil if the option was not given.
  func text(_ name: String) -> String? { values[name] }

  /// An option's value as a number or another type that can be read from text.
  ///
  /// - Throws: `CommandFailure` if it can't be read.
  func value<Value: LosslessStringConvertible>(_ name: String, as type: Value.Type = Value.self) throws -> Value? {
    guard let text = values[name] else { return nil }
    guard let value = Value(text) else {
      let usage = options.first { $0.name == name }?.usage ?? name
      throw CommandFailure(.usage, "The value '\(text)' is invalid for '\(usage)'")
    }
    return value
  }

  /// - Throws: `CommandFailure` if there are arguments besides the options.
  func requireNoMore() throws {
    if let word = rest.first { throw CommandFailure(.usage, "Unexpected argument '\(word)'") }
  }
}

/// `-h` or `--help` was among the words.
struct HelpRequest: Error {}
