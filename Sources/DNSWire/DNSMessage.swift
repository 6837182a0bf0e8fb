// SPDX-License-Identifier: Apache-2.0

/// A DNS message (RFC 1035, §4): a query or a response.
///
/// ```swift
/// let query = DNSMessage.query(try DNSName("example.com"), .aaaa, id: 4711)
/// var answer = DNSMessage.response(to: query)
/// answer.answers = [DNSRecord(query.questions[0].name, .aaaa(0x2001_0db8_0000_0000, 1), timeToLive: 300)]
/// let bytes = try answer.encoded()
/// print(try DNSMessage(decoding: bytes).answers)
/// ```
public struct DNSMessage: Hashable, Sendable {
  /// The header.
  public var header: DNSHeader
  /// The questions; nearly always one.
  public var questions: [DNSQuestion] = []
  /// The answer section.
  public var answers: [DNSRecord] = []
  /// The authority section: in a negative answer, the zone's SOA.
  public var authorities: [DNSRecord] = []
  /// The additional section, without the OPT record.
  public var additionals: [DNSRecord] = []
  /// The OPT record of the additional section; nil if it has none.
  public var edns: EDNS?

  /// A message without records.
  public init(header: DNSHeader) { self.header = header }

  /// A query for one type of record, which asks the server to resolve the name recursively.
  ///
  /// - Parameters:
  ///   - id: An unpredictable number; otherwise others can answer in the server's stead (RFC 5452, §4.3).
  ///   - edns: Nil for a server that does not support EDNS.
  public static func query(
    _ name: DNSName, _ type: DNSType, id: UInt16, edns: EDNS? = EDNS()
  ) -> DNSMessage {
    var message = DNSMessage(header: DNSHeader(id: id))
    message.header.recursionDesired = true
    message.questions = [DNSQuestion(name, type)]
    message.edns = edns
    return message
  }

  /// An empty response to a query, with its id, operation and question, and with EDNS if the query has it.
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

/// A question of a message.
public struct DNSQuestion: Hashable, Sendable, CustomStringConvertible {
  /// The name to look up.
  public var name: DNSName
  /// The type of record to look for.
  public var type: DNSType
  /// The class of record to look for.
  public var dnsClass: DNSClass

  /// A question for records of a name.
  public init(_ name: DNSName, _ type: DNSType, _ dnsClass: DNSClass = .internet) {
    self.name = name
    self.type = type
    self.dnsClass = dnsClass
  }

  /// The name, the class and the type: `example.com. IN AAAA`.
  public var description: String { "\(name) \(dnsClass) \(type)" }
}

/// The capabilities of a query's or response's sender beyond RFC 1035 (RFC 6891): an OPT record.
public struct EDNS: Hashable, Sendable {
  /// The largest UDP message that the sender accepts, in bytes.
  public var payloadSize: UInt16
  /// The version of EDNS; only 0 exists.
  public var version: UInt8 = 0
  /// DO: the sender wants signatures (RFC 3225).
  public var wantsSignatures = false
  /// The options, undecoded.
  public var options: [Option] = []

  /// An option of EDNS.
  public struct Option: Hashable, Sendable {
    /// The option's number, assigned by IANA.
    public var code: UInt16
    /// The option's content.
    public var data: [UInt8]

    /// An option with this number and content.
    public init(code: UInt16, data: [UInt8]) {
      self.code = code
      self.data = data
    }
  }

  /// - Parameter payloadSize: 1232 bytes pass every path unfragmented.
  public init(payloadSize: UInt16 = 1232) { self.payloadSize = payloadSize }
}
