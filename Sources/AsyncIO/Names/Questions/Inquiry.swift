// SPDX-License-Identifier: Apache-2.0
// One question, from the first server that is asked to the answer: whom to ask next, over what, and what came of it. A
// value that does nothing itself: it is told what happened.
//
// A server that says that it can't (SERVFAIL, REFUSED), or that can't be reached, will say so again a moment later: the
// others are asked, and it no more. One that was silent gets another chance in the next round, since UDP loses packets.
//
// EDNS (RFC 6891) goes with a query until a server turns out not to take it (§6.2.2): one from before it says FORMERR or
// NOTIMP, some say SERVFAIL or hang up, and a box in between may drop the query in silence. libc sends none, and gets its
// answer there. So what failed with EDNS is asked once more without: in the next round after silence, and where there is
// only one round, in the second half of its time.
//
// An alias is followed within the answer as far as it goes, and then by asking for what it leads to: a recursive server
// gives the whole chain, but nothing makes it. The number of steps is limited, so that aliases in a circle end.

import AsyncIOCore
import DNSWire

struct Inquiry {
  /// A query to send.
  struct Attempt: Equatable {
    let server: SocketAddress
    let overTCP: Bool
    /// Whether it has half of a round's time only: the other half is for the same question without EDNS.
    let hasHalfTime: Bool
    /// With an id of 0: who sends it draws one.
    let query: DNSMessage
  }

  enum Step: Equatable {
    case ask(Attempt)
    case done(Finding)
  }

  /// What came of a question.
  enum Finding: Equatable {
    /// Records of the type that was asked for, and for how many seconds they hold.
    case records([DNSRecordData], timeToLive: UInt32)
    /// There are none: no such name, or a name without such records; for how long, if anybody said (RFC 2308, §5).
    case nothing(nameExists: Bool, timeToLive: UInt32?)
    case failed([NameError.ServerFailure])
    /// The name is the alias of one that no host can have.
    case unacceptable(DNSName)
  }

  /// As many aliases as glibc follows are enough for everybody.
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
  ///   - servers: In the order in which to ask them; at least one.
  ///   - attempts: How many rounds of asking those that were silent; at least one.
  ///   - withoutEDNS: Servers that are known not to take EDNS.
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

  /// The server that was asked has answered, with a message that fits the query.
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

  /// Whether the server may mean EDNS by that. One that knows it says what it can't with an OPT record of its own.
  private static func maySayNoToEDNS(_ message: DNSMessage) -> Bool {
    switch message.header.responseCode {
    case .formatError, .notImplemented, .badVersion: true
    case .serverFailure: message.edns == nil
    default: false
    }
  }

  /// It did not answer.
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

  /// What holds for a server that is asked next.
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
      // A referral, from a server that doesn't look things up for others.
      passOver(.unusableAnswer)
    }
  }

  /// Whether the names are those of hosts. Those that PTR records are looked up by need not be: RFC 2317 has a slash.
  private var isOfHosts: Bool { type == .a || type == .aaaa }

  private mutating func follow(to target: DNSName, for seconds: UInt32) {
    name = target
    aliases += 1
    timeToLive = min(timeToLive, seconds)
  }

  /// The same servers, from the one that knew the alias on.
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
  /// The time to live; RFC 2181, §8: what has its first bit set means 0.
  fileprivate var seconds: UInt32 { timeToLive > 0x7fff_ffff ? 0 : timeToLive }

  /// For how long a negative answer holds that comes with this SOA record.
  fileprivate var minimum: UInt32 {
    guard case .soa(let zone) = data else { return 0 }
    return zone.minimum
  }
}
