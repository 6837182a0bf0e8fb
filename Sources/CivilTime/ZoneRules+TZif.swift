// SPDX-License-Identifier: Apache-2.0
// The format of /usr/share/zoneinfo: TZif, RFC 9636 (and RFC 8536 before it). A file of version 2 or later begins with
// a block of 32-bit times for old readers, which is passed over. A second block with 64-bit times follows, and a footer
// with the rule for the time after the last transition.

extension ZoneRules {
  /// Reads a TZif file.
  ///
  /// - Parameters:
  ///   - name: The zone's name, for `name` and errors.
  ///   - bytes: The contents of the file.
  /// - Throws: `ZoneError` for bytes that aren't such a file, and for files that count leap seconds.
  public init(name: String, decoding bytes: [UInt8]) throws(ZoneError) {
    var reader = TZifReader(name: name, bytes: bytes)
    self = try reader.rules()
  }
}

private struct TZifReader {
  let name: String
  let bytes: [UInt8]
  var place = 0

  private struct Header {
    var version: UInt8
    var utcIndicators, standardIndicators, leapSeconds, transitions, types, characters: Int

    /// The length of the block after the header.
    func length(timeSize: Int) -> Int {
      transitions * (timeSize + 1) + types * 6 + characters + leapSeconds * (timeSize + 4) + standardIndicators
        + utcIndicators
    }
  }

  init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }

  private func fault(_ reason: ZoneError.Reason) -> ZoneError { ZoneError(zone: name, reason) }

  mutating func rules() throws(ZoneError) -> ZoneRules {
    var header = try self.header()
    var timeSize = 4
    if header.version >= UInt8(ascii: "2") {
      try need(header.length(timeSize: 4), "32-bit data")
      place += header.length(timeSize: 4)
      header = try self.header()
      timeSize = 8
    }
    if header.leapSeconds > 0 { throw fault(.leapSeconds) }
    guard header.types > 0, header.characters > 0 else { throw fault(.malformed("it has no kind of local time")) }
    // All counts are at most the file's length from here on.
    try need(header.length(timeSize: timeSize), "data")
    let transitions = try self.transitions(header, timeSize)
    let indices = bytes[place..<place + header.transitions].map(Int.init)
    place += header.transitions
    let types = try self.types(header)
    place += header.standardIndicators + header.utcIndicators
    for index in indices where index >= types.count {
      throw fault(.malformed("a transition names the local time \(index) of \(types.count)"))
    }
    return ZoneRules(
      name: name, transitions: transitions, types: indices.map { types[$0] }, first: types[0],
      rule: timeSize == 8 ? try footer() : nil)
  }

  private func need(_ count: Int, _ part: String) throws(ZoneError) {
    if count > bytes.count - place { throw fault(.truncated(part)) }
  }

  private mutating func header() throws(ZoneError) -> Header {
    if place == 0 && !bytes.starts(with: "TZif".utf8) { throw fault(.notAZoneFile) }
    try need(44, "header")
    guard bytes[place..<place + 4].elementsEqual("TZif".utf8) else {
      throw fault(.malformed("its second header doesn't begin with TZif"))
    }
    let version = bytes[place + 4]
    place += 20
    // 32 bits each, so that no product with a few bytes overflows.
    let counts = (0..<6).map { _ in Int(UInt32(truncatingIfNeeded: integer(4))) }
    return Header(
      version: version, utcIndicators: counts[0], standardIndicators: counts[1], leapSeconds: counts[2],
      transitions: counts[3], types: counts[4], characters: counts[5])
  }

  /// A big-endian integer with a sign.
  private mutating func integer(_ size: Int) -> Int {
    var value: UInt64 = 0
    for byte in bytes[place..<place + size] { value = value << 8 | UInt64(byte) }
    place += size
    return size == 4 ? Int(Int32(truncatingIfNeeded: value)) : Int(Int64(bitPattern: value))
  }

  private mutating func transitions(_ header: Header, _ timeSize: Int) throws(ZoneError) -> [Int] {
    var transitions: [Int] = []
    transitions.reserveCapacity(header.transitions)
    for _ in 0..<header.transitions {
      let transition = integer(timeSize)
      if let last = transitions.last, last >= transition { throw fault(.malformed("its transitions don't ascend")) }
      // RFC 9636, §3.2: no earlier than -2^59, which is before the Big Bang. So arithmetic with offsets can't overflow.
      guard transition.magnitude <= 1 << 59 else { throw fault(.malformed("a transition is beyond 2^59 seconds")) }
      transitions.append(transition)
    }
    return transitions
  }

  private mutating func types(_ header: Header) throws(ZoneError) -> [LocalTimeType] {
    let records = (0..<header.types).map { _ in (integer(4), bytes[advanced(1)], Int(bytes[advanced(1)])) }
    let characters = bytes[place..<place + header.characters]
    place += header.characters
    var types: [LocalTimeType] = []
    for (offset, isDaylightSaving, index) in records {
      guard index < characters.count, let end = characters[(characters.startIndex + index)...].firstIndex(of: 0) else {
        throw fault(.malformed("the name of a local time doesn't end"))
      }
      guard isDaylightSaving <= 1, -90_000...93_600 ~= offset else {
        throw fault(.malformed("a local time is \(offset) seconds ahead of UTC"))
      }
      types.append(
        LocalTimeType(
          offset: offset, isDaylightSaving: isDaylightSaving == 1,
          abbreviation: String(decoding: characters[(characters.startIndex + index)..<end], as: UTF8.self)))
    }
    return types
  }

  /// The place before it moves on.
  private mutating func advanced(_ count: Int) -> Int {
    defer { place += count }
    return place
  }

  private func footer() throws(ZoneError) -> PosixZone? {
    guard place < bytes.count, bytes[place] == UInt8(ascii: "\n"),
      let end = bytes[(place + 1)...].firstIndex(of: UInt8(ascii: "\n"))
    else { throw fault(.truncated("footer")) }
    let text = String(decoding: bytes[(place + 1)..<end], as: UTF8.self)
    // Empty: the rule isn't known (RFC 9636, §3.3).
    if text.isEmpty { return nil }
    switch PosixZone.parse(text) {
    case .success(let rule): return rule
    case .failure(let fault): throw self.fault(.badRule(text, at: fault.offset))
    }
  }
}
