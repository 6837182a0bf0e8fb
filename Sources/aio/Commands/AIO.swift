// SPDX-License-Identifier: Apache-2.0

/// The tool: selects the command that a command line names.
enum AIO {
  static let version = "0.1.0"
  private static var commands: [any Command.Type] { [FetchCommand.self, DemoCommand.self] }

  private static var help: Help {
    Help(
      abstract: "Fetches pages, and shows what the event loop does.",
      discussion:
        "AIO_BACKEND=epoll or AIO_BACKEND=io_uring forces a backend; without it the loop takes the best there is.",
      commands: commands)
  }

  /// - Parameter words: The command line, without the program's name.
  static func run(_ words: [String]) throws {
    guard let first = words.first else { return Terminal.print(help.text) }
    switch first {
    case "-h", "--help": Terminal.print(help.text)
    case "--version": Terminal.print(version)
    case "help":
      guard words.count > 1 else { return Terminal.print(help.text) }
      Terminal.print(Help(try command(words[1])).text)
    default:
      let command = try command(first)
      do {
        try command.run(Array(words.dropFirst()))
      } catch is HelpRequest {
        Terminal.print(Help(command).text)
      }
    }
  }

  private static func command(_ name: String) throws -> any Command.Type {
    if let command = commands.first(where: { $0.name == name }) { return command }
    throw CommandFailure(.usage, name.hasPrefix("-") ? "Unknown option '\(name)'" : "Unexpected argument '\(name)'")
  }
}
