// SPDX-License-Identifier: Apache-2.0

import CivilTime
import Testing

/// A TZif file, part by part (RFC 9636, §3).
private struct ZoneFile {
  var version: UInt8 = UInt8(ascii: "2")
  var leapSeconds = 0
  var transitions: [Int] = [1000, 2000]
  var indices: [UInt8] = [1, 0]
  var types: [(offset: Int32, isDaylightSaving: UInt8, name: UInt8)] = [(3600, 0, 0), (7200, 1, 4)]
  var names = "CET\0CEST\0"
  var footer = "CET-1CEST,M3.5.0,M10.5.0/3"

  private func header(_ counts: [Int]) -> [UInt8] {
    Array("TZif".utf8) + [version] + [UInt8](repeating: 0, count: 15) + counts.flatMap { bytes($0, 4) }
  }

  private func bytes(_ number: Int, _ count: Int) -> [UInt8] {
    (0..<count).reversed().map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
  }

  private func block(timeSize: Int) -> [UInt8] {
    header([0, 0, leapSeconds, transitions.count, types.count, names.utf8.count])
      + transitions.flatMap { bytes($0, timeSize) } + indices
      + types.flatMap { bytes(Int($0.offset), 4) + [$0.isDaylightSaving, $0.name] } + Array(names.utf8)
      + [UInt8](repeating: 0, count: leapSeconds * (timeSize + 4))
  }

  var bytes: [UInt8] {
    version == 0 ? block(timeSize: 4) : block(timeSize: 4) + block(timeSize: 8) + Array("\n\(footer)\n".utf8)
  }
}

@Suite("Zone files") struct ZoneFileTests {
  private func rules(_ change: (inout ZoneFile) -> Void = { _ in }) throws -> ZoneRules {
    var file = ZoneFile()
    change(&file)
    return try ZoneRules(name: "Test", decoding: file.bytes)
  }

  @Test(arguments: [UInt8(0), UInt8(ascii: "2"), UInt8(ascii: "3"), UInt8(ascii: "4")])
  func `a file of each version is read`(version: UInt8) throws {
    let zone = try rules { $0.version = version }
    #expect(zone.period(at: 999).abbreviation == "CET")
    #expect(zone.period(at: 1000).abbreviation == "CEST" && zone.period(at: 1999).end == 2000)
    #expect(zone.period(at: 2000).start == 2000 && zone.offset(at: 2000) == 3600)
    // Only later versions have a rule for the future.
    #expect(zone.offset(at: 1_782_864_000) == (version == 0 ? 3600 : 7200))
    #expect(zone.description == "Test")
  }

  @Test func `without a rule the last offset stays`() throws {
    let zone = try rules { $0.footer = "" }
    #expect(zone.offset(at: 1_782_864_000) == 3600 && zone.period(at: 2000).end == nil)
  }

  @Test
  func `what is wrong with a file is said`() throws {
    func reason(_ change: (inout ZoneFile) -> Void) throws -> ZoneError.Reason? {
      do {
        _ = try rules(change)
        return nil
      } catch let error as ZoneError { return error.reason }
    }
    #expect(try reason { $0.leapSeconds = 1 } == .leapSeconds)
    #expect(try reason { $0.types = [] } == .malformed("it has no kind of local time"))
    #expect(try reason { $0.indices = [2, 0] } == .malformed("a transition names the local time 2 of 2"))
    #expect(try reason { $0.transitions = [2000, 2000] } == .malformed("its transitions don't ascend"))
    #expect(try reason { $0.names = "CET\0CEST" } == .malformed("the name of a local time doesn't end"))
    #expect(try reason { $0.types[1].offset = .min } == .malformed("a local time is -2147483648 seconds ahead of UTC"))
    #expect(try reason { $0.footer = "nonsense" } == .badRule("nonsense", at: 8))
    #expect(throws: ZoneError(zone: "x", .notAZoneFile)) { try ZoneRules(name: "x", decoding: Array("hello".utf8)) }
    #expect(throws: ZoneError(zone: "x", .notAZoneFile)) { try ZoneRules(name: "x", decoding: []) }
    let error = ZoneError(zone: "Europe/Berlin", .truncated("data"))
    #expect(error.description == "time zone Europe/Berlin: the file ends within its data")
  }

  @Test func `a file that ends anywhere is an error`() throws {
    let bytes = ZoneFile().bytes
    for length in 0..<bytes.count {
      #expect(throws: ZoneError.self, "\(length) bytes of \(bytes.count)") {
        try ZoneRules(name: "Test", decoding: Array(bytes[..<length]))
      }
    }
  }

  @Test func `changed bytes neither trap nor hang`() throws {
    let original = try zoneFile("Europe/Berlin")
    var random = Numbers(state: 7)
    for _ in 0..<3000 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        // Mostly in the headers.
        let place =
          Bool.random(using: &random)
          ? Int.random(in: 0..<60, using: &random) : bytes.indices.randomElement(using: &random)!
        bytes[place] = UInt8.random(in: 0...255, using: &random)
      }
      guard let zone = try? ZoneRules(name: "changed", decoding: bytes) else { continue }
      for _ in 0..<4 {
        let seconds = Int.random(in: -10_000_000_000...10_000_000_000, using: &random)
        #expect(zone.period(at: seconds).start ?? .min <= seconds)
        _ = zone.instants(of: CivilDateTime(secondsAsUTC: seconds))
      }
    }
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
