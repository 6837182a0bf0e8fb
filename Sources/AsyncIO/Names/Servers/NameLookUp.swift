// SPDX-License-Identifier: Apache-2.0
// A whole look-up: the names of the search list one after the other, and for each all types at the same time. It is a
// value; an `Inquiry` answers each of its questions.

import AsyncIOCore
import DNSWire

struct NameLookUp {
  enum Step: Equatable {
    /// Questions to ask at the same time.
    case ask([DNSQuestion])
    case done(Outcome)
  }

  struct Outcome: Equatable {
    enum Content: Equatable {
      case records([DNSRecordData])
      case failure(NameError.Reason)
    }

    let content: Content
    /// How many seconds it may be cached; nil for not at all.
    let timeToLive: UInt32?
  }

  /// How many seconds the answer for one family is cached if the other family's servers failed.
  private static let halfAnswer: UInt32 = 10

  private var candidates: ArraySlice<DNSName>
  private let types: [DNSType]
  private let family: SocketAddress.Family?
  private var outcome: Outcome?

  private var failure: NameError.Reason?
  private var nameExists = false
  /// The TTL of a negative result: the shortest of all answers; nil as soon as an answer has none.
  private var timeToLive: UInt32? = .max

  /// - Parameters:
  ///   - candidates: The names to try; at least one.
  ///   - types: The types to ask for; the records of the first come first.
  ///   - family: The family that an error names as missing.
  init(_ candidates: [DNSName], types: [DNSType], family: SocketAddress.Family? = nil) {
    self.candidates = candidates[...]
    self.types = types
    self.family = family
    if candidates.isEmpty { giveUp() }
  }

  func next() -> Step {
    if let outcome { return .done(outcome) }
    return .ask(types.map { DNSQuestion(candidates[candidates.startIndex], $0) })
  }

  /// Handles the answers to the questions, in their order.
  mutating func found(_ findings: [Inquiry.Finding]) {
    guard outcome == nil else { return }
    var all: [DNSRecordData] = []
    var seconds: UInt32?
    var failures: [NameError.ServerFailure] = []
    var hasFailed = false
    var unacceptable: DNSName?
    for finding in findings {
      switch finding {
      case .records(let records, let timeToLive):
        all += records
        seconds = min(seconds ?? .max, timeToLive)
      case .nothing(let exists, let timeToLive):
        if exists { nameExists = true }
        // A negative answer needs no TTL if another answer has records.
        if let timeToLive { seconds = min(seconds ?? .max, timeToLive) }
        self.timeToLive = self.timeToLive.flatMap { known in timeToLive.map { min(known, $0) } }
      case .failed(let more):
        hasFailed = true
        for failure in more where !failures.contains(failure) { failures.append(failure) }
      case .unacceptable(let name): unacceptable = name
      }
    }
    if !all.isEmpty {
      let kept = hasFailed ? min(seconds ?? 0, Self.halfAnswer) : seconds
      outcome = Outcome(content: .records(all), timeToLive: kept)
    } else if let unacceptable {
      outcome = Outcome(content: .failure(.unacceptableName(unacceptable.text)), timeToLive: nil)
    } else if hasFailed {
      failed(failures)
    } else {
      candidates.removeFirst()
      if candidates.isEmpty { giveUp() }
    }
  }

  private mutating func failed(_ failures: [NameError.ServerFailure]) {
    if failures.allSatisfy({ $0.problem == .noAnswer }) {
      // Nor would the servers answer for the next name.
      outcome = Outcome(content: .failure(.timedOut(servers: failures.map(\.server))), timeToLive: nil)
      return
    }
    failure = failure ?? .serverFailure(failures)
    candidates.removeFirst()
    if candidates.isEmpty { giveUp() }
  }

  /// Fails the look-up: no name had records. If a name's servers failed, that is the error.
  private mutating func giveUp() {
    if let failure {
      outcome = Outcome(content: .failure(failure), timeToLive: nil)
    } else {
      outcome = Outcome(content: .failure(nameExists ? .noAddress(family) : .notFound), timeToLive: timeToLive)
    }
  }
}

/// The names to try, one after the other, for a possibly short name: resolv.conf(5), `search` and `ndots`.
enum SearchList {
  /// - Parameters:
  ///   - dots: The number of dots in the name.
  ///   - isAbsolute: Whether the name ends in a dot: then it is tried only as it is.
  static func candidates(
    for name: DNSName, dots: Int, isAbsolute: Bool, search: [String], ndots: Int
  ) -> [DNSName] {
    if isAbsolute { return [name] }
    // Skip invalid domains, and those that make the name too long.
    let within = search.compactMap { try? DNSName(name.description + $0) }.filter(\.isHostName)
    return dots >= ndots ? [name] + within : within + [name]
  }
}
