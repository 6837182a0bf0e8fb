// SPDX-License-Identifier: Apache-2.0
import DNSWire
import Testing

/// Each way in which a message can be wrong has its own error.
struct ReadingErrorTests {
  /// A header that announces one question, or one record of a section.
  private func header(questions: UInt8 = 0, answers: UInt8 = 0, additionals: UInt8 = 0) -> [UInt8] {
    [0, 1, 0x80, 0, 0, questions, 0, answers, 0, 0, 0, additionals]
  }

  private func expect(_ error: DNSError, _ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(throws: error, sourceLocation: sourceLocation) { try DNSMessage(decoding: bytes) }
  }

  @Test func `a message without the record that it announces`() {
    expect(.truncated(offset: 0), [])
    expect(.truncated(offset: 12), header(questions: 1))
    expect(.truncated(offset: 12), header(answers: 1) + [3, 0x61])
    expect(.truncated(offset: 13), header(questions: 1) + [0, 1])
  }

  @Test func `pointers that point forwards, at themselves, or into their own name`() {
    expect(.pointerNotBackwards(offset: 12), header(questions: 1) + [0xc0, 12, 0, 1, 0, 1])
    expect(.pointerNotBackwards(offset: 12), header(questions: 1) + [0xc0, 14, 0, 0, 1, 0, 1])
    expect(.pointerNotBackwards(offset: 14), header(questions: 1) + [1, 0x61, 0xc0, 12, 0, 1, 0, 1])
    expect(.pointerNotBackwards(offset: 12), header(questions: 1) + [0xff, 0xff, 0, 1, 0, 1])
    expect(.truncated(offset: 12), header(questions: 1) + [0xc0])
  }

  @Test func `labels of kinds that are not in use`() {
    expect(.reservedLabelKind(offset: 12), header(questions: 1) + [0x40, 0, 0, 1, 0, 1])
    expect(.reservedLabelKind(offset: 14), header(questions: 1) + [1, 0x61, 0x80, 0, 0, 1, 0, 1])
  }

  @Test func `a name of more than 255 bytes, also by way of a pointer`() {
    let label = [63] + [UInt8](repeating: 0x61, count: 63)
    expect(.nameTooLongInMessage(offset: 12), header(questions: 1) + label + label + label + label + [0, 0, 1, 0, 1])
    let first = label + label + label + [0, 0, 1, 0, 1]
    expect(
      .nameTooLongInMessage(offset: 12 + first.count),
      header(questions: 2) + first + label + [0xc0, 12, 0, 1, 0, 1])
  }

  @Test func `a chain of pointers of any length`() {
    // A record of an unknown type has a chain of pointers, each to the one before. The next record's name points to the
    // last.
    var chain: [UInt8] = [0]
    let start = 12 + 11
    for number in 0..<200 { chain += number == 0 ? [0xc0, UInt8(start)] : Self.pointer(start + 1 + 2 * (number - 1)) }
    let bytes =
      header(answers: 2) + [0, 0xff, 0, 0, 1, 0, 0, 0, 0, UInt8(chain.count >> 8), UInt8(chain.count & 255)] + chain
      + Self.pointer(start + 1 + 2 * 199) + [0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4]
    expect(.tooManyPointers(offset: start + chain.count), bytes)
  }

  @Test func `chains of pointers that every record follows anew`() {
    // 120 names, each a label before the previous one, and then thousands of names that are the last of these.
    var bytes: [UInt8] = [0, 1, 0x80, 0, 0, 0, 0x13, 0x88, 0, 0, 0, 0]
    let rest: [UInt8] = [0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4]
    var previous = bytes.count
    bytes += [1, 0x61, 0] + rest
    for _ in 1..<120 {
      let place = bytes.count
      bytes += [1, 0x61] + Self.pointer(previous) + rest
      previous = place
    }
    while bytes.count < 60_000 { bytes += Self.pointer(previous) + rest }
    let error = #expect(throws: DNSError.self) { try DNSMessage(decoding: bytes) }
    guard case .tooManyPointers = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  private static func pointer(_ offset: Int) -> [UInt8] { [0xc0 | UInt8(offset >> 8), UInt8(offset & 255)] }

  private static let wrongData: [(type: DNSType, data: [UInt8])] = [
    (.a, [1, 1, 1]), (.a, [1, 2, 3, 4, 5]), (.a, []), (.aaaa, [1, 2, 3, 4]), (.cname, [1, 0x61]), (.cname, [0, 0]),
    (.mx, [0, 1]), (.txt, [5, 1]), (.srv, [0, 1, 0, 2, 0, 3]), (.soa, [0, 0, 1, 2, 3]),
  ]

  @Test func `data of a wrong length`() {
    for (type, data) in Self.wrongData {
      let fixed: [UInt8] = [0, 0, UInt8(type.rawValue), 0, 1, 0, 0, 0, 0, 0, UInt8(data.count)]
      // At the end of the message, and with more bytes after it.
      for rest in [[], [UInt8](repeating: 0, count: 40)] {
        expect(.wrongDataLength(type, offset: 12), header(answers: 1) + fixed + data + rest)
      }
    }
  }

  @Test func `data that is longer than the message`() {
    expect(.truncated(offset: 12), header(answers: 1) + [0, 0, 99, 0, 1, 0, 0, 0, 0, 0, 9, 1])
  }

  @Test func `EDNS twice, elsewhere, for a name, or with an option that is too long`() {
    let edns: [UInt8] = [0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0]
    expect(.severalEDNSRecords, header(additionals: 2) + edns + edns)
    expect(.misplacedEDNSRecord, header(answers: 1) + edns)
    expect(.misplacedEDNSRecord, header(additionals: 1) + [1, 0x61] + edns)
    expect(.wrongDataLength(.opt, offset: 12), header(additionals: 1) + edns.dropLast() + [5, 0, 1, 0, 2, 9])
    expect(.wrongDataLength(.opt, offset: 12), header(additionals: 1) + edns.dropLast() + [3, 0, 1, 0])
    expect(.truncated(offset: 12), header(additionals: 1) + edns.dropLast() + [3, 0, 1])
  }

  @Test func `errors are one line each`() throws {
    #expect(
      DNSError.pointerNotBackwards(offset: 12).description
        == "DNS message: a compression pointer at byte 12 does not point backwards")
    #expect(DNSError.labelTooLong(name: "x").description == "DNS name \"x\": a label is longer than 63 bytes")
  }
}

struct StreamFramingTests {
  @Test func `messages come out whole however they were cut`() throws {
    let messages: [[UInt8]] = [[1], [], Array(repeating: 7, count: 600), [2, 3]]
    let stream = try messages.flatMap { try DNSStreamFraming.framed($0) }
    for size in 1...stream.count {
      var framing = DNSStreamFraming()
      var received: [[UInt8]] = []
      var rest = stream[...]
      while !rest.isEmpty {
        framing.append(rest.prefix(size))
        rest = rest.dropFirst(size)
        while let message = framing.next() { received.append(message) }
      }
      guard received == messages, !framing.isWithinMessage else {
        Issue.record("cut every \(size) bytes: \(received)")
        return
      }
    }
  }

  @Test func `a message that has begun is known`() {
    var framing = DNSStreamFraming()
    #expect(!framing.isWithinMessage)
    framing.append([0])
    #expect(framing.isWithinMessage && framing.next() == nil)
  }

  @Test func `a message that is too long has no frame`() {
    #expect(throws: DNSError.messageTooLong) { try DNSStreamFraming.framed(Array(repeating: 0, count: 65_536)) }
  }
}
