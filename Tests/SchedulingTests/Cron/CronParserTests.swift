// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import Testing

func time(_ text: String) throws -> WallTime { try #require(WallTime(text), "not a time: \(text)") }

@Suite("Reading cron expressions") struct CronParserTests {
  @Test(arguments: [
    ("@yearly", "0 0 1 1 *"), ("@annually", "0 0 1 JAN *"), ("@monthly", "0 0 1 * *"), ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"), ("@midnight", "@DAILY"), ("@hourly", "0 * * * *"), ("0 0 * * 7", "0 0 * * SUN"),
    ("0 0 * * FRI-SUN", "0 0 * * 0,5,6"), ("0 0 * * 5-7", "0 0 * * fri,sat,sun"),
    ("0 22-2 * * *", "0 22,23,0,1,2 * * *"),
    ("0/20 1 * * *", "0,20,40 1 * * *"), ("5-20/5 1 * * *", "5,10,15,20 1 * * *"),
    ("0 0 ? * MON", "0 0 * * MON"), ("0 0 0 * * *", "0 0 * * *"),
    ("\t0  0 * * *  ", "@daily"), ("0 0 1 NOV-FEB *", "0 0 1 11,12,1,2 *"), ("0 0 l * *", "0 0 L * *"),
    ("0 0 * * L5", "0 0 * * LFRI"), ("0 0 * * 7#1", "0 0 * * sun#1"), ("0 0 1,1,1 * *", "0 0 1 * *"),
    ("50-10/10 1 * * *", "50,0,10 1 * * *"), ("0 0 * * 0-7", "0 0 * * 0-6"), ("0 0 * * 7/3", "0 0 * * 0,3,6"),
  ]) func `expressions that mean the same are equal`(one: String, other: String) throws {
    #expect(try CronExpression(one) == CronExpression(other))
    #expect(try CronExpression(one).description == one)
  }

  @Test(arguments: [
    ("61 * * * *", "minute 61 is not within 0 to 59"), ("* 24 * * *", "hour 24 is not within 0 to 23"),
    ("* * 0 * *", "day of month 0 is not within 1 to 31"), ("* * 32 * *", "day of month 32 is not within 1 to 31"),
    ("* * * 13 *", "month 13 is not within 1 to 12"), ("* * * * 8", "day of week 8 is not within 0 to 7"),
    ("60 * * * * *", "second 60 is not within 0 to 59"),
    ("", "it has 0 fields, and needs 5, or 6 with the second first"),
    ("* * * *", "it has 4 fields, and needs 5, or 6 with the second first"),
    ("* * * * * * *", "it has 7 fields, and needs 5, or 6 with the second first"),
    ("@reboot", "@reboot is not among @yearly, @annually, @monthly, @weekly, @daily, @midnight and @hourly"),
    ("@daily 5", "@daily 5 is not among @yearly, @annually, @monthly, @weekly, @daily, @midnight and @hourly"),
    ("* * * * FUN", "day of week \"FUN\": it is not a number, and not a name from SUN to SAT"),
    ("* * * MON *", "month \"MON\": it is not a number, and not a name from JAN to DEC"),
    ("x * * * *", "minute \"x\": it is not a number"), ("-5 * * * *", "minute \"-5\": a number is missing"),
    ("5- * * * *", "minute \"5-\": a number is missing"), ("1-2-3 * * * *", "minute \"1-2-3\": a range has two ends"),
    ("1,,2 * * * *", "minute \"1,,2\": a part of the list is empty"),
    ("*/0 * * * *", "minute \"*/0\": a step is a number from 1 on"),
    ("*/ * * * *", "minute \"*/\": a step is a number from 1 on"),
    ("*/2/3 * * * *", "minute \"*/2/3\": it has two steps"),
    ("? * * * *", "minute \"?\": it is not a number"), ("* L * * *", "hour \"L\": it is not a number"),
    ("* * * * 5#6", "day of week \"5#6\": after # stands which of the month it is, 1 to 5"),
    ("* * * * L9", "day of week 9 is not within 0 to 7"), ("0 0 30 2 *", "no day of any year matches"),
    ("0 0 31 2,4,6,9,11 *", "no day of any year matches"),
    ("99999999999 * * * *", "minute \"99999999999\": it is not a number"),
    ("٣ * * * *", "minute \"٣\": it is not a number"), ("+5 * * * *", "minute \"+5\": it is not a number"),
  ]) func `an error names the field and the fault`(text: String, fault: String) throws {
    let error = #expect(throws: CronError.self) { try CronExpression(text) }
    #expect(error?.description == "cron \"\(text)\": \(fault)")
  }

  @Test func `any text is read or refused, and what is read has a next time`() throws {
    var random = Numbers(state: 11)
    let pieces = [
      "*", "/", "-", ",", "#", "L", "?", "@", " ", " ", " ", " ", "0", "1", "5", "59", "7", "31", "MON", "jan", "x",
      "é", "\t",
    ]
    var read = 0
    for _ in 0..<20_000 {
      let text = (0..<Int.random(in: 1...14, using: &random)).map { _ in pieces.randomElement(using: &random)! }
        .joined()
      guard let expression = try? CronExpression(text) else { continue }
      read += 1
      #expect(expression.next(after: try time("2026-01-01T00:00:00Z")) != nil, "\(text)")
    }
    // Whole fields, so that many are read.
    let fields = ["*", "*/7", "5", "1-5", "2,4", "0", "7", "L", "5#3", "59", "MON", "?", "1-31/2", "-", "24"]
    for _ in 0..<3000 {
      let text = (0..<Int.random(in: 5...6, using: &random)).map { _ in fields.randomElement(using: &random)! }.joined(
        separator: " ")
      guard let expression = try? CronExpression(text) else { continue }
      read += 1
      #expect(expression.next(after: try time("2026-01-01T00:00:00Z")) != nil, "\(text)")
    }
    #expect(read > 100)
  }
}

/// Numbers that are the same in each run (SplitMix64).
struct Numbers: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
