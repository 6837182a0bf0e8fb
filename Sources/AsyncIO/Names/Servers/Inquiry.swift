// SPDX-License-Identifier: Apache-2.0
// One question, from the first server to the answer: which server to ask next, over which transport, and the result. It
// is a value without I/O: the caller reports what happened.
//
// A server that refuses (SERVFAIL, REFUSED) or can't be reached will do so again a moment later: it isn't asked again,
// only the others. A silent server gets another chance in the next round, since UDP loses packets.
//
// Queries carry EDNS (RFC 6891) until a server turns out not to support it (§6.2.2). An old server says FORMERR or
// NOTIMP, some say SERVFAIL or hang up, and a middlebox may drop the query silently. Since libc doesn't use EDNS, it
// gets its answer there. So a query that failed with EDNS is repeated once without it. After silence that is in the
// next round; if there is only one round, in the second half of its time.
//
// An alias is followed within the answer, and then by asking for its target. A recursive server sends the whole chain,
// but needn't. A limit on the number of steps ends aliases in a circle.

import AsyncIOCore
import DNSWire

struct Inquiry {
  /// A query to send.
  struct Attempt: Equatable {
    let server: SocketAddress
    let overTCP: Bool
    /// Whether only half of a round's time is for this attempt: the other half is for the question without EDNS.
    let hasHalfTime: Bool
    /// Has the id 0: the sender draws one.
    let query: DNSMessage
  }

  enum Step: Equatable {
    case ask(Attempt)
    case done(Finding)
  }

  /// The answer to a question.
  enum Finding: Equatable {
    /// Records of the requested type, with their TTL in seconds.
    case records([DNSRecordData], timeToLive: UInt32)
    /// No such name, or no such records, with the TTL of the negative answer if it has one (RFC 2308, §5).
    case nothing(nameExists: Bool, timeToLive: UInt32?)
    case failed([NameError.ServerFailure])
    /// An alias leads to this name, which a host can't have.
    case unacceptable(DNSName)
  }

  /// glibc's limit.
  static let mostAliases = 16

  private var name: DNSName
  private let type: DNSType
  private let servers: [SocketAddress]
  private let attempts: Int
  private let usesTCP: Bool

  private var round: [SocketAddress]
  private var position = 0
  private var roundsLeft: Int
  private var silent: [SocketAddress] = []
  private var failures: [NameError.ServerFailure] = []
  private var overTCP: Bool
  /// Servers that are asked without EDNS.
  private var withoutEDNS: Set<SocketAddress>
  private var hasHalfTime = false

  private var aliases = 0
  private var timeToLive = UInt32.max
  private var finding: Finding?

  /// - Parameters:
  ///   - servers: The servers in the order in which to ask them; at least one.
  ///   - attempts: The number of rounds in which silent servers are asked again; at least one.
  ///   - withoutEDNS: Servers that are known not to support EDNS.
  init(
    _ name: DNSName, _ type: DNSType, servers: [SocketAddress], attempts: Int, usesTCP: Bool = false,
    withoutEDNS: Set<SocketAddress> = []
  ) {
    self.name = name
    self.type = type
    self.servers = servers
    self.attempts = max(1, attempts)
    self.usesTCP = usesTCP
    round = servers
    roundsLeft = self.attempts
    overTCP = usesTCP
    self.withoutEDNS = withoutEDNS
    if servers.isEmpty { finding = .failed([]) }
    begin()
  }

  private var usesEDNS: Bool { !withoutEDNS.contains(round[position]) }

  func next() -> Step {
    if let finding { return .done(finding) }
    let query = DNSMessage.query(name, type, id: 0, edns: usesEDNS ? EDNS() : nil)
    return .ask(Attempt(server: round[position], overTCP: overTCP, hasHalfTime: hasHalfTime, query: query))
  }

  /// Handles an answer of the current server that fits the query.
  mutating func answered(_ message: DNSMessage) {
    guard finding == nil else { return }
    let code = message.header.responseCode
    if message.header.isTruncated {
      if overTCP { passOver(.unusableAnswer) } else { overTCP = true }
    } else if code == .noError || code == .noSuchName {
      read(message)
    } else if usesEDNS && Self.maySayNoToEDNS(message) {
      withoutEDNS.insert(round[position])
    } else {
      passOver(.refused(responseCode: code.rawValue))
    }
  }

  /// Whether the answer may mean that the server doesn't support EDNS. A server that does adds an OPT record to its
  /// errors.
  private static func maySayNoToEDNS(_ message: DNSMessage) -> Bool {
    switch message.header.responseCode {
    case .formatError, .notImplemented, .badVersion: true
    case .serverFailure: message.edns == nil
    default: false
    }
  }

  /// Handles a failure of the current server.
  mutating func failed(_ problem: NameError.ServerFailure.Problem) {
    guard finding == nil else { return }
    if usesEDNS {
      switch problem {
      case .noAnswer where !hasHalfTime: withoutEDNS.insert(round[position])
      case .noAnswer, .unusableAnswer:
        withoutEDNS.insert(round[position])
        return
      case .unreachable, .refused: break
      }
    }
    passOver(problem)
  }

  private mutating func passOver(_ problem: NameError.ServerFailure.Problem) {
    let failure = NameError.ServerFailure(server: round[position], problem: problem)
    if problem == .noAnswer { silent.append(failure.server) }
    if !failures.contains(failure) { failures.append(failure) }
    askNext()
  }

  private mutating func askNext() {
    position += 1
    if position == round.count {
      roundsLeft -= 1
      round = silent
      silent = []
      position = 0
      if round.isEmpty || roundsLeft == 0 { finding = .failed(failures) }
    }
    begin()
  }

  /// Sets up the attempt at the next server.
  private mutating func begin() {
    guard finding == nil else { return }
    overTCP = usesTCP
    hasHalfTime = attempts == 1 && usesEDNS
  }

  private mutating func read(_ message: DNSMessage) {
    let first = name
    var records: [DNSRecord] = []
    while aliases <= Self.mostAliases {
      records = message.answers.filter { $0.type == type && $0.name == name && $0.dnsClass == .internet }
      if !records.isEmpty { break }
      guard let alias = message.answers.first(where: { $0.type == .cname && $0.name == name }),
        case .cname(let target) = alias.data
      else { break }
      if isOfHosts && !target.isHostName {
        finding = .unacceptable(target)
        return
      }
      follow(to: target, for: alias.seconds)
    }
    let zone = message.authorities.first { $0.type == .soa }
    if !records.isEmpty {
      for record in records { timeToLive = min(timeToLive, record.seconds) }
      finding = .records(records.map(\.data), timeToLive: timeToLive)
    } else if aliases > Self.mostAliases {
      passOver(.unusableAnswer)
    } else if message.header.responseCode == .noSuchName || zone != nil {
      let negative = zone.map { min(min($0.seconds, $0.minimum), timeToLive) }
      finding = .nothing(nameExists: message.header.responseCode == .noError, timeToLive: negative)
    } else if name != first {
      askForAlias()
    } else if message.header.isAuthoritative || message.header.recursionAvailable {
      finding = .nothing(nameExists: true, timeToLive: nil)
    } else {
      // A referral, from a server that doesn't do recursive look-ups.
      passOver(.unusableAnswer)
    }
  }

  /// Whether the names are host names. Names for PTR look-ups need not be: RFC 2317 uses a slash.
  private var isOfHosts: Bool { type == .a || type == .aaaa }

  private mutating func follow(to target: DNSName, for seconds: UInt32) {
    name = target
    aliases += 1
    timeToLive = min(timeToLive, seconds)
  }

  /// Asks the servers again, beginning with the one that knew the alias.
  private mutating func askForAlias() {
    round = Array(servers.drop { $0 != round[position] } + servers.prefix { $0 != round[position] })
    position = 0
    roundsLeft = attempts
    silent = []
    failures = []
    begin()
  }
}

extension DNSRecord {
  /// The TTL in seconds; RFC 2181, §8: a TTL with its first bit set means 0.
  fileprivate var seconds: UInt32 { timeToLive > 0x7fff_ffff ? 0 : timeToLive }

  /// The TTL of a negative answer with this SOA record, in seconds.
  fileprivate var minimum: UInt32 {
    guard case .soa(let zone) = data else { return 0 }
    return zone.minimum
  }
}
