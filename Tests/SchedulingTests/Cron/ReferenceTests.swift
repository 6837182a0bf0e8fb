// SPDX-License-Identifier: Apache-2.0
// Others' answers, computed by CPython in the test. croniter has them for the fields, zoneinfo for zones. For changes
// of the clock a simulation of cron's main loop has them, minute by minute.

import AsyncIO
import Foundation
import Testing

@Suite("Times that others compute, too", .timeLimit(.minutes(3))) struct ReferenceTests {
  /// A Python with these modules; croniter may be installed for one and not for another.
  private func python(with modules: String) throws -> URL {
    let folders =
      ["/usr/bin"] + (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    for folder in folders {
      let file = URL(fileURLWithPath: folder).appendingPathComponent("python3")
      guard FileManager.default.isExecutableFile(atPath: file.path) else { continue }
      if (try? run(file, ["-c", "import \(modules)"], input: "")) != nil { return file }
    }
    throw ReferenceError(text: "no python3 has \(modules); make test installs it")
  }

  private func run(_ executable: URL, _ arguments: [String], input: String) throws -> [Substring] {
    let process = Process()
    process.executableURL = executable
    process.arguments = ["-B"] + arguments
    let folder = FileManager.default.temporaryDirectory
    let (questions, errors) = (
      folder.appendingPathComponent(UUID().uuidString), folder.appendingPathComponent(UUID().uuidString)
    )
    defer { for file in [questions, errors] { try? FileManager.default.removeItem(at: file) } }
    try Data(input.utf8).write(to: questions)
    try Data().write(to: errors)
    process.standardInput = try FileHandle(forReadingFrom: questions)
    process.standardError = try FileHandle(forWritingTo: errors)
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let answers = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw ReferenceError(text: try String(contentsOf: errors, encoding: .utf8))
    }
    return String(decoding: answers, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).dropLast()
  }

  private func answers(_ mode: String, modules: String, _ questions: [String]) throws -> [Substring] {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("python/reference.py")
    let input = questions.map { $0 + "\n" }.joined()
    let answers = try run(try python(with: modules), [script.path, mode], input: input)
    try #require(answers.count == questions.count)
    return answers
  }

  private func ours(_ question: Question) throws -> [Int] {
    let (expression, zone) = (try CronExpression(question.expression), try ZoneRules.named(question.zone))
    var (time, found) = (WallTime(secondsSince1970: question.seconds), [Int]())
    for _ in 0..<question.count {
      let next =
        question.isForward ? expression.next(after: time, in: zone) : expression.previous(before: time, in: zone)
      guard let next else { break }
      found.append(next.secondsSince1970)
      time = next
    }
    return found
  }

  @Test func `fields mean what they mean to croniter`() throws {
    var random = Numbers(state: 1)
    var questions: [Question] = []
    for _ in 0..<1500 {
      // Not all days: croniter 1.3 then forgets that the field is restricted.
      var days = field(2...31, wild: 0.5, steps: false, &random)
      var weekdays = field(1...6, wild: 0.5, steps: false, &random)
      switch Int.random(in: 0..<16, using: &random) {
      case 0: (days, weekdays) = ("L", "*")
      case 1:
        (days, weekdays) = ("*", "\(Int.random(in: 0...6, using: &random))#\(Int.random(in: 1...5, using: &random))")
      case 2: (days, weekdays) = ("*", "L\(Int.random(in: 0...6, using: &random))")
      default: break
      }
      var fields = [
        field(0...59, &random), field(0...23, &random), days, field(1...12, wild: 0.7, &random), weekdays,
      ]
      if Int.random(in: 0..<5, using: &random) == 0 { fields.insert(field(0...59, wild: 0.1, &random), at: 0) }
      let text = fields.joined(separator: " ")
      // croniter looks for fifty years. For dates that don't exist it says so when it is asked for a time.
      guard (try? CronExpression(text)) != nil else { continue }
      questions.append(
        Question(
          expression: text, zone: "UTC", seconds: Int.random(in: 0...4_000_000_000, using: &random), count: 10,
          isForward: Bool.random(using: &random)))
    }
    let answers = try answers("croniter", modules: "croniter, zoneinfo", questions.map(\.line))
    for (question, answer) in zip(questions, answers) where answer != "unknown" {
      #expect(try ours(question).map(String.init).joined(separator: " ") == answer, "\(question.line)")
    }
  }

  @Test func `around changes of the clock jobs run when cron would start them`() throws {
    var random = Numbers(state: 2)
    let zones = [
      "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Europe/Dublin", "America/Sao_Paulo",
      "Africa/Casablanca", "Asia/Tehran", "Africa/Cairo", "Pacific/Chatham", "America/St_Johns", "Antarctica/Troll",
    ]
    var changes: [(zone: String, second: Int)] = []
    for name in zones {
      let zone = try ZoneRules.named(name)
      var end = zone.period(at: 1_262_304_000).end
      while let second = end, second < 1_900_000_000 {
        changes.append((name, second))
        end = zone.period(at: second).end
      }
    }
    var questions: [Question] = []
    for _ in 0..<200 {
      let (zone, second) = changes.randomElement(using: &random)!
      let hours = ["\(Int.random(in: 0...4, using: &random))", "0-3", "1-5/2", field(0...23, wild: 0.1, &random)]
      let fields = [
        field(0...59, wild: 0.2, &random), hours.randomElement(using: &random)!, field(1...31, wild: 0.8, &random), "*",
        field(0...6, wild: 0.7, &random),
      ]
      questions.append(
        Question(
          expression: fields.joined(separator: " "), zone: zone,
          seconds: second + Int.random(in: -150_000...80_000, using: &random), count: 12,
          isForward: Bool.random(using: &random)))
    }
    let answers = try answers("vixie", modules: "zoneinfo", questions.map(\.line))
    var compared = 0
    for (question, answer) in zip(questions, answers) {
      // The simulation ends after some days.
      let theirs = answer.split(separator: " ").compactMap { Int($0) }
      #expect(try Array(ours(question).prefix(theirs.count)) == theirs, "\(question.line)")
      compared += theirs.count
    }
    #expect(compared > 500)
  }

  @Test func `every zone of this system has the offsets that zoneinfo says`() throws {
    let folder = "/usr/share/zoneinfo/"
    let paths = try #require(FileManager.default.enumerator(atPath: folder)).compactMap { $0 as? String }
    let names = paths.filter { path in
      // `right/` counts leap seconds, and the others are copies.
      if ["right/", "posix/", "posixrules", "localtime", "Factory"].contains(where: { path.hasPrefix($0) }) {
        return false
      }
      guard let file = FileHandle(forReadingAtPath: folder + path), let head = try? file.read(upToCount: 4) else {
        return false
      }
      return head == Data("TZif".utf8)
    }.sorted()
    #expect(names.count > 200)
    var random = Numbers(state: 4)
    let times = names.map { _ in (0..<60).map { _ in Int.random(in: -4_000_000_000...6_000_000_000, using: &random) } }
    let questions = zip(names, times).map { ([$0] + $1.map(String.init)).joined(separator: "|") }
    let answers = try answers("zones", modules: "zoneinfo", questions)
    for ((name, times), answer) in zip(zip(names, times), answers) {
      let zone = try ZoneRules.named(name)
      let ours = times.map { time in
        let period = zone.period(at: time)
        return "\(period.offset) \(period.isDaylightSaving ? 1 : 0) \(period.abbreviation)"
      }
      #expect(ours.joined(separator: ",") == answer, "\(name) at \(times)")
    }
  }

  private struct Question {
    let expression, zone: String
    let seconds, count: Int
    let isForward: Bool

    var line: String { "\(expression)|\(zone)|\(seconds)|\(count)|\(isForward ? "next" : "previous")" }
  }

  /// A random field.
  private func field(
    _ range: ClosedRange<Int>, wild: Double = 0.4, steps: Bool = true, _ random: inout Numbers
  ) -> String {
    if Double.random(in: 0..<1, using: &random) < wild { return "*" }
    if steps, Int.random(in: 0..<4, using: &random) == 0 {
      return "*/\(Int.random(in: 2...max(2, range.count / 2), using: &random))"
    }
    let items = (0..<Int.random(in: 1...3, using: &random)).map { _ in
      let ends = [Int.random(in: range, using: &random), Int.random(in: range, using: &random)].sorted()
      // croniter takes 5-5 for the whole range.
      if ends[0] == ends[1] || Bool.random(using: &random) { return "\(ends[0])" }
      let step = Int.random(in: 0..<4, using: &random) == 0 ? "/\(Int.random(in: 1...7, using: &random))" : ""
      return "\(ends[0])-\(ends[1])\(step)"
    }
    return items.joined(separator: ",")
  }
}

private struct ReferenceError: Error, CustomStringConvertible {
  let text: String
  var description: String { text }
}
