// SPDX-License-Identifier: Apache-2.0

/// A DNS message (RFC 1035, §4): a query, or the answer to one.
///
/// ```swift
/// let query = DNSMessage.query(try DNSName("example.com"), .aaaa, id: 4711)
/// var answer = DNSMessage.response(to: query)
/// answer.answers = [DNSRecord(query.questions[0].name, .aaaa(0x2001_0db8_0000_0000, 1), timeToLive: 300)]
/// let bytes = try answer.encoded()
/// print(try DNSMessage(decoding: bytes).answers)
/// ```
public struct DNSMessage: Hashable, Sendable {
  public var header: DNSHeader
  /// Nearly always one.
  public var questions: [DNSQuestion] = []
  public var answers: [DNSRecord] = []
  /// The authority section: with a negative answer, the zone's SOA.
  public var authorities: [DNSRecord] = []
  /// The additional section, without the OPT record.
  public var additionals: [DNSRecord] = []
  /// What the OPT record of the additional section says; nil if there is none.
  public var edns: EDNS?

  public init(header: DNSHeader) { self.header = header }

  /// A query for one type of record, which asks the server to find out what it doesn't know.
  ///
  /// - Parameters:
  ///   - id: Unpredictable, or others can answer in the server's stead (RFC 5452, §4.3).
  ///   - edns: Nil for a server that knows nothing of EDNS.
  public static func query(
    _ name: DNSName, _ type: DNSType, id: UInt16, edns: EDNS? = EDNS()
  ) -> DNSMessage {
    var message = DNSMessage(header: DNSHeader(id: id))
    message.header.recursionDesired = true
    message.questions = [DNSQuestion(name, type)]
    message.edns = edns
    return message
  }

  /// An empty answer to a query: the same id, operation and question, and EDNS if the query has it.
  public static func response(
    to query: DNSMessage, _ code: DNSResponseCode = .noError, recursionAvailable: Bool = true
  ) -> DNSMessage {
    var message = DNSMessage(header: DNSHeader(id: query.header.id))
    message.header.isResponse = true
    message.header.operation = query.header.operation
    message.header.recursionDesired = query.header.recursionDesired
    message.header.checkingDisabled = query.header.checkingDisabled
    message.header.recursionAvailable = recursionAvailable
    message.header.responseCode = code
    message.questions = query.questions
    message.edns = query.edns.map { _ in EDNS() }
    return message
  }
}

/// What a message asks.
public struct DNSQuestion: Hashable, Sendable, CustomStringConvertible {
  public var name: DNSName
  public var type: DNSType
  public var dnsClass: DNSClass

  public init(_ name: DNSName, _ type: DNSType, _ dnsClass: DNSClass = .internet) {
    self.name = name
    self.type = type
    self.dnsClass = dnsClass
  }

  public var description: String { "\(name) \(dnsClass) \(type)" }
}

/// What the two sides of a query say of themselves beyond RFC 1035 (RFC 6891): an OPT record.
public struct EDNS: Hashable, Sendable {
  /// The largest message that its sender takes over UDP, in bytes.
  public var payloadSize: UInt16
  /// 0, so far.
  public var version: UInt8 = 0
  /// DO: signatures are wanted (RFC 3225).
  public var wantsSignatures = false
  /// Options that this codec doesn't know, by their codes.
  public var options: [Option] = []

  public struct Option: Hashable, Sendable {
    public var code: UInt16
    public var data: [UInt8]

    public init(code: UInt16, data: [UInt8]) {
      self.code = code
      self.data = data
    }
  }

  /// - Parameter payloadSize: 1232 is what passes every path without being cut up.
  public init(payloadSize: UInt16 = 1232) { self.payloadSize = payloadSize }
}
