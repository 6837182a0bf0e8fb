// SPDX-License-Identifier: Apache-2.0

/// A program's output for its scenarios.
struct Transcript {
  struct Entry: Sendable {
    var log: [String] = []
    /// Why the scenario didn't run.
    var skipped: String?
    /// Why the log differs from Python's, and the expected log.
    var difference: String?
    var expected: [String] = []
  }

  private(set) var names: [String] = []
  private(set) var entries: [String: Entry] = [:]

  init(_ text: String) {
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
      if let name = line.rest(after: "== ") {
        names.append(name)
        entries[name] = Entry()
      } else if let name = names.last {
        entries[name]?.add(line)
      }
    }
  }
}

extension Transcript.Entry {
  fileprivate mutating func add(_ line: Substring) {
    if let reason = line.rest(after: "skipped: ") {
      skipped = reason
    } else if let reason = line.rest(after: "differs: ") {
      difference = reason
    } else if let line = line.rest(after: "expects: ") {
      expected.append(line)
    } else {
      log.append(String(line))
    }
  }
}

extension Substring {
  fileprivate func rest(after prefix: String) -> String? {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
  }
}
