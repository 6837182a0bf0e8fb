// SPDX-License-Identifier: Apache-2.0

extension DNSMessage {
  /// The message in wire form, as UDP carries it.
  ///
  /// - Throws: `DNSError` if it would be longer than 65,535 bytes, a string is longer than 255, or a section has more
  ///   than 65,535 records.
  public func encoded() throws(DNSError) -> [UInt8] {
    var writer = DNSWriter()
    writer.uint16(header.id)
    writer.uint16(header.flags)
    writer.uint16(try Self.count(questions.count))
    writer.uint16(try Self.count(answers.count))
    writer.uint16(try Self.count(authorities.count))
    writer.uint16(try Self.count(additionals.count + (hasEDNS ? 1 : 0)))
    for question in questions {
      writer.name(question.name)
      writer.uint16(question.type.rawValue)
      writer.uint16(question.dnsClass.rawValue)
    }
    for record in answers + authorities + additionals { try writer.record(record) }
    // Last, where it costs no pointer.
    if hasEDNS { try writer.edns(edns ?? EDNS(), header.responseCode) }
    guard writer.bytes.count <= DNSWriter.longest else { throw .messageTooLong }
    return writer.bytes
  }

  /// The message in wire form if it fits into the limit. Else it has no records and is marked as truncated, which tells
  /// the client to ask again over TCP.
  ///
  /// - Parameter limit: The client's limit in bytes; 512 if it did not state one by EDNS.
  public func encoded(truncatedTo limit: Int) throws(DNSError) -> [UInt8] {
    let bytes = try encoded()
    if bytes.count <= limit { return bytes }
    var short = self
    short.answers = []
    short.authorities = []
    short.additionals = []
    short.header.isTruncated = true
    return try short.encoded()
  }

  /// A response code of more than four bits needs an OPT record.
  private var hasEDNS: Bool { edns != nil || header.responseCode.rawValue > 15 }

  private static func count(_ number: Int) throws(DNSError) -> UInt16 {
    guard let count = UInt16(exactly: number) else { throw .tooManyRecords }
    return count
  }
}

extension DNSWriter {
  mutating func record(_ record: DNSRecord) throws(DNSError) {
    name(record.name)
    uint16(record.type.rawValue)
    uint16(record.dnsClass.rawValue)
    uint32(record.timeToLive)
    try withLength { writer throws(DNSError) in try writer.data(record.data) }
    // Names are compressed only up to that length; a message that exceeds it is given up.
    guard bytes.count <= Self.longest else { throw .messageTooLong }
  }

  private mutating func data(_ data: DNSRecordData) throws(DNSError) {
    switch data {
    case .a(let address): uint32(address)
    case .aaaa(let high, let low):
      uint64(high)
      uint64(low)
    case .cname(let name), .ns(let name), .ptr(let name): self.name(name)
    case .soa(let zone):
      name(zone.primaryServer)
      name(zone.mailbox)
      uint32(zone.serial)
      uint32(zone.refresh)
      uint32(zone.retry)
      uint32(zone.expire)
      uint32(zone.minimum)
    case .mx(let preference, let name):
      uint16(preference)
      self.name(name)
    case .txt(let strings):
      for string in strings {
        guard let length = UInt8(exactly: string.count) else { throw .stringTooLong(count: string.count) }
        uint8(length)
        raw(string)
      }
    case .srv(let priority, let weight, let port, let name):
      uint16(priority)
      uint16(weight)
      uint16(port)
      self.name(name, compressed: false)
    case .other(_, let bytes): raw(bytes)
    }
  }

  mutating func edns(_ edns: EDNS, _ responseCode: DNSResponseCode) throws(DNSError) {
    name(.root)
    uint16(DNSType.opt.rawValue)
    uint16(edns.payloadSize)
    uint8(UInt8(responseCode.rawValue >> 4))
    uint8(edns.version)
    uint16(edns.wantsSignatures ? 0x8000 : 0)
    try withLength { writer throws(DNSError) in
      for option in edns.options {
        writer.uint16(option.code)
        try writer.withLength { writer throws(DNSError) in writer.raw(option.data) }
      }
    }
  }
}
