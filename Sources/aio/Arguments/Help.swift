// SPDX-License-Identifier: Apache-2.0

/// The text of `--help`, in lines of at most 80 columns.
struct Help {
  private var lines: [String] = []
  private static let width = 80

  var text: String { lines.joined(separator: "\n") }

  init(_ command: any Command.Type) {
    var usage = "aio \(command.name)"
    for option in command.options { usage += " [\(option.usage)]" }
    if let argument = command.argument { usage += " [<\(argument.name)> ...]" }
    self.init(abstract: command.abstract, discussion: command.discussion, usage: usage)
    if let argument = command.argument { table("ARGUMENTS", [("<\(argument.name)>", argument.help)]) }
    table("OPTIONS", command.options.map { ($0.usage, $0.help) } + [Help.ofHelp])
  }

  /// The help of the tool itself.
  init(abstract: String, discussion: String, commands: [any Command.Type]) {
    self.init(abstract: abstract, discussion: discussion, usage: "aio <command>")
    table("OPTIONS", [("--version", "Show the version."), Help.ofHelp])
    table("COMMANDS", commands.map { ($0.name, $0.abstract) })
    lines += ["", "'aio help <command>' shows the help of one."]
  }

  private static let ofHelp = ("-h, --help", "Show this help.")

  private init(abstract: String, discussion: String, usage: String) {
    paragraph(abstract, prefix: "OVERVIEW: ", indent: 0)
    for part in discussion.split(separator: "\n\n") {
      lines.append("")
      paragraph(String(part), prefix: "", indent: 0)
    }
    lines.append("")
    paragraph(usage, prefix: "USAGE: ", indent: 7)
  }

  /// Prints a heading, and each row's explanation in a column of its own.
  private mutating func table(_ heading: String, _ rows: [(String, String)]) {
    lines += ["", "\(heading):"]
    let column = 4 + (rows.map(\.0.count).max() ?? 0)
    for (name, help) in rows {
      let start = "  \(name)"
      paragraph(help, prefix: start + String(repeating: " ", count: column - start.count), indent: column)
    }
  }

  /// Fills lines with words; lines after the first are indented.
  private mutating func paragraph(_ text: String, prefix: String, indent: Int) {
    var line = prefix
    var isEmpty = true
    for word in text.split(whereSeparator: \.isWhitespace) {
      if !isEmpty && line.count + 1 + word.count > Help.width {
        lines.append(line)
        line = String(repeating: " ", count: indent)
        isEmpty = true
      }
      if !isEmpty { line += " " }
      line += word
      isEmpty = false
    }
    lines.append(line)
  }
}
