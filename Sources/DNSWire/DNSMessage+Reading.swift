// SPDX-License-Identifier: Apache-2.0

extension DNSMessage {
  /// Reads a message, as UDP carries it. Bytes after its last record are ignored, as everywhere.
  ///
  /// - Throws: `DNSError` if the bytes are not a message.
  public init(decoding bytes: [UInt8]) throws(DNSError) {
    var reader = DNSReader(bytes)
    self.init(header: try reader.header())
    // Counts may lie: reserve only as much as the message has room for.
    let questionCount = try reader.uint16()
    let answerCount = try reader.uint16()
    let authorityCount = try reader.uint16()
    let additionalCount = try reader.uint16()
    for _ in 0..<questionCount {
      let name = try reader.name()
      let type = DNSType(rawValue: try reader.uint16())
      questions.append(DNSQuestion(name, type, DNSClass(rawValue: try reader.uint16())))
    }
    for _ in 0..<answerCount { answers.append(try reader.record()) }
    for _ in 0..<authorityCount { authorities.append(try reader.record()) }
    for _ in 0..<additionalCount {
      if let edns = try reader.edns() {
        guard self.edns == nil else { throw .severalEDNSRecords }
        self.edns = edns.edns
        let code = UInt16(edns.upperResponseCode) << 4 | header.responseCode.rawValue
        header.responseCode = DNSResponseCode(rawValue: code)
      } else {
        additionals.append(try reader.record())
      }
    }
  }
}

extension DNSHeader {
  /// Reads only the header, so that an unexpected message need not be parsed.
  ///
  /// The upper bits of a response code, which an OPT record has, are zero.
  ///
  /// - Throws: `DNSError.truncated` for fewer than twelve bytes.
  public init(decoding bytes: [UInt8]) throws(DNSError) {
    guard bytes.count >= 12 else { throw .truncated(offset: 0) }
    var reader = DNSReader(bytes)
    self = try reader.header()
  }
}

extension DNSReader {
  /// Reads a header without the record counts after it.
  mutating func header() throws(DNSError) -> DNSHeader {
    let id = try uint16()
    return DNSHeader(id: id, flags: try uint16())
  }

  /// Reads the OPT record at this place. Returns nil, and reads nothing, if another record is there.
  mutating func edns() throws(DNSError) -> (edns: EDNS, upperResponseCode: UInt8)? {
    var ahead = self
    let name = try ahead.name()
    guard try ahead.uint16() == DNSType.opt.rawValue else { return nil }
    guard name.isRoot else { throw .misplacedEDNSRecord }
    let start = offset
    var edns = EDNS(payloadSize: try ahead.uint16())
    let upperResponseCode = try ahead.uint8()
    edns.version = try ahead.uint8()
    edns.wantsSignatures = try ahead.uint16() & 0x8000 != 0
    let end = Int(try ahead.uint16()) + ahead.offset
    guard end <= bytes.count else { throw .truncated(offset: start) }
    while ahead.offset < end {
      guard end - ahead.offset >= 4 else { throw .wrongDataLength(.opt, offset: start) }
      let code = try ahead.uint16()
      let length = Int(try ahead.uint16())
      guard end - ahead.offset >= length else { throw .wrongDataLength(.opt, offset: start) }
      edns.options.append(EDNS.Option(code: code, data: Array(try ahead.take(length))))
    }
    self = ahead
    return (edns, upperResponseCode)
  }

  mutating func record() throws(DNSError) -> DNSRecord {
    let start = offset
    let name = try name()
    let type = DNSType(rawValue: try uint16())
    if type == .opt { throw .misplacedEDNSRecord }
    let dnsClass = DNSClass(rawValue: try uint16())
    let timeToLive = try uint32()
    let length = Int(try uint16())
    let end = offset + length
    guard end <= bytes.count else { throw .truncated(offset: start) }
    let data: DNSRecordData
    do throws(DNSError) { data = try self.data(of: type, until: end) } catch {
      // The message has more bytes, but the record does not.
      if case .truncated = error { throw .wrongDataLength(type, offset: start) }
      throw error
    }
    guard offset == end else { throw .wrongDataLength(type, offset: start) }
    return DNSRecord(name, data, timeToLive: timeToLive, dnsClass)
  }

  private mutating func data(of type: DNSType, until end: Int) throws(DNSError) -> DNSRecordData {
    switch type {
    case .a: return .a(try uint32())
    case .aaaa:
      let high = try uint64()
      return .aaaa(high, try uint64())
    case .cname: return .cname(try name())
    case .ns: return .ns(try name())
    case .ptr: return .ptr(try name())
    case .soa:
      let primaryServer = try name()
      let mailbox = try name()
      let serial = try uint32()
      let refresh = try uint32()
      let retry = try uint32()
      let expire = try uint32()
      return .soa(
        StartOfAuthority(
          primaryServer: primaryServer, mailbox: mailbox, serial: serial, refresh: refresh, retry: retry,
          expire: expire, minimum: try uint32()))
    case .mx:
      let preference = try uint16()
      return .mx(preference: preference, try name())
    case .txt:
      var strings: [[UInt8]] = []
      while offset < end {
        let length = Int(try uint8())
        guard end - offset >= length else { throw .truncated(offset: offset) }
        strings.append(Array(try take(length)))
      }
      return .txt(strings)
    case .srv:
      let priority = try uint16()
      let weight = try uint16()
      let port = try uint16()
      return .srv(priority: priority, weight: weight, port: port, try name())
    default: return .other(type, Array(try take(end - offset)))
    }
  }
}
