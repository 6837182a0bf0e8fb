// SPDX-License-Identifier: Apache-2.0
// A stub resolver on one loop: its cache, and the look-ups under way. `NameLookUp` and `Inquiry` decide which server to
// ask what, and what an answer means; this does the asking.
//
// A look-up under way belongs to none of its waiters. It runs in a task of its own, out of reach of the first asker's
// time limits and cancellation, and ends when the last waiter has left. So a thousand tasks that ask for one name send
// one query, and each can be cancelled by itself.

import AsyncIOCore
import DNSWire

final class StubResolver: @unchecked Sendable {
  // Sendable: everything here is used on the loop's thread only. The tasks of look-ups prefer its executor, and have no
  // other isolation.

  /// How long a local answer (hosts file, localhost) is cached, in nanoseconds.
  private static let localAnswer: Int64 = 10_000_000_000
  /// How long one family's answer waits for the other's, which a name server may have dropped.
  private static let patience = Duration.seconds(1)
  /// The longest TTL in seconds; longer ones are cut to it (RFC 8767, §4 for both).
  private static let longestKept: UInt32 = 86_400
  /// The longest TTL of a negative answer, in seconds: RFC 2308, §5.
  private static let longestKeptFailure: UInt32 = 10_800

  unowned let loop: EventLoop
  private let reader: SystemFilesReader?
  private var configuration: ResolverConfiguration
  private var cache: NameCache<NameKey, NameAnswer>
  private var underWay: [NameKey: NameLookUpTask] = [:]
  private var order = ServerOrder()
  /// Bounds the queries in flight. Each has its own socket, and the program needs descriptors too.
  private let exchanges = Semaphore(128)

  init(_ source: Resolver.StubSource, on loop: EventLoop) {
    self.loop = loop
    switch source {
    case .fixed(let configuration):
      self.configuration = configuration
      reader = nil
    case .files(let files):
      reader = SystemFilesReader(files)
      configuration = ResolverConfiguration(servers: [])
    }
    cache = NameCache(capacity: configuration.cacheCapacity)
    refresh()
  }

  /// Whether libc would find the same, by the machine's configuration.
  func doesAsSystemDoes() -> Bool {
    refresh()
    return reader?.isFilesThenDNS ?? true
  }

  /// Whether the answer needs no server, with any resolver.
  func answersAtOnce(_ key: NameKey) -> Bool {
    guard case .addresses(let host, _) = key else { return false }
    if case .name = HostName(host) { return false }
    return true
  }

  private func refresh() {
    guard let reader, reader.refresh(now: loop.backend.now) else { return }
    configuration = reader.configuration
    cache.removeAll()
    // They go on for their waiters, but their results aren't cached.
    underWay.removeAll()
  }

  // MARK: - Answers

  /// Throws `DeadlinePassed` at a time of the loop's clock.
  ///
  /// - Parameter host: The host as the caller gave it, for reports.
  nonisolated(nonsending) func answer(
    _ key: NameKey, of host: String, until deadline: Int64
  ) async throws -> NameAnswer {
    try await loop.spendBudget()
    refresh()
    if let known = cache.value(for: key, now: loop.backend.now) ?? answerAtOnce(key) { return known }
    let lookUp: NameLookUpTask
    if let known = underWay[key] {
      lookUp = known
    } else {
      guard let questions = questions(for: key) else { return .failure(.noAddress(.ipv6)) }
      lookUp = NameLookUpTask(host)
      underWay[key] = lookUp
      start(lookUp, questions, for: key)
    }
    return try await wait(for: lookUp, key, until: deadline)
  }

  /// The answer that needs no name server. It is cached for a while: ordering addresses takes system calls.
  private func answerAtOnce(_ key: NameKey) -> NameAnswer? {
    let answer: NameAnswer
    switch key {
    case .addresses(let host, let family):
      switch HostName(host) {
      case .malformed(let why): return .failure(.malformed(why))
      case .nowhere: return .failure(.notFound)
      case .number: return systemAddresses(of: host, family: family, isNumeric: true)
      case .localhost: answer = .addresses(loopbacks(family))
      case .name:
        let known = configuration.hosts.addresses(of: host).filter { family == nil || $0.family == family }
        if known.isEmpty { return nil }
        answer = .addresses(inOrder(known))
      }
    case .name(let address):
      let known = configuration.hosts.names(of: address)
      if !known.isEmpty {
        answer = .names(known)
      } else if address.isLoopback {
        answer = .names(["localhost"])
      } else {
        return nil
      }
    }
    let now = loop.backend.now
    cache.insert(answer, for: key, until: now &+ Self.localAnswer, now: now)
    return answer
  }

  private func loopbacks(_ family: SocketAddress.Family?) -> [SocketAddress] {
    let all = ["::1", "127.0.0.1"].compactMap { SocketAddress($0, port: 0) }
    let wanted = all.filter { family == nil || $0.family == family }
    // A machine may lack IPv6, and a server can't listen on a family that is missing.
    guard wanted.count > 1, !loop.sockets.hasOwnNames else { return wanted }
    let usable = wanted.filter { $0.sourceOfThisMachine != nil }
    return usable.isEmpty ? wanted : usable
  }

  private func inOrder(_ addresses: [SocketAddress]) -> [SocketAddress] {
    guard addresses.count > 1, addresses.contains(where: { $0.family == .ipv6 }), !loop.sockets.hasOwnNames else {
      return addresses
    }
    return DestinationOrder.sorted(addresses) { $0.sourceOfThisMachine }
  }

  // MARK: - Look-ups under way

  private nonisolated(nonsending) func wait(
    for lookUp: NameLookUpTask, _ key: NameKey, until deadline: Int64
  ) async throws -> NameAnswer {
    let wait = loop.beginWait(WaitReason("resolve", on: lookUp))
    let place = lookUp.waits.join(wait)
    let outcome = await loop.wait(wait, until: deadline)
    if outcome != .cancelled, let answer = lookUp.answer { return answer }
    lookUp.waits.leave(place)
    if lookUp.waits.isEmpty && lookUp.answer == nil {
      // The last waiter has left.
      if underWay[key] === lookUp { underWay[key] = nil }
      lookUp.task?.cancel()
    }
    if outcome == .cancelled { throw CancellationError() }
    throw DeadlinePassed()
  }

  /// Nil if only IPv6 addresses are wanted and the configuration leaves them out.
  private func questions(for key: NameKey) -> NameLookUp? {
    switch key {
    case .addresses(let host, let family):
      guard case .name(let name, let dots, let isAbsolute) = HostName(host) else { return nil }
      let candidates = SearchList.candidates(
        for: name, dots: dots, isAbsolute: isAbsolute, search: configuration.search, ndots: configuration.ndots)
      let types: [DNSType] = [.aaaa, .a].filter { type in
        (family != .ipv4 || type == .a) && (family != .ipv6 || type == .aaaa)
          && (type == .a || !configuration.skipsIPv6)
      }
      return types.isEmpty ? nil : NameLookUp(candidates, types: types, family: family)
    case .name(let address):
      let bits = address.ipv6Bits
      let name =
        address.family == .ipv4
        ? DNSName(reverseOf: UInt32(truncatingIfNeeded: bits.low)) : DNSName(reverseOf: bits.high, bits.low)
      return NameLookUp([name], types: [.ptr])
    }
  }

  private func start(_ lookUp: NameLookUpTask, _ questions: NameLookUp, for key: NameKey) {
    let configuration = configuration
    lookUp.task = Task.detached(
      name: "resolve \(lookUp.waitDescription)", executorPreference: loop.taskExecutor
    ) { [self] in
      var questions = questions
      while true {
        switch questions.next() {
        case .ask(let asked): questions.found(await ask(asked, configuration))
        case .done(let outcome):
          end(lookUp, outcome, for: key)
          return
        }
      }
    }
  }

  private func end(_ lookUp: NameLookUpTask, _ outcome: NameLookUp.Outcome, for key: NameKey) {
    let answer: NameAnswer
    var longest = Self.longestKept
    switch outcome.content {
    case .failure(.noAddress) where !key.isAddresses: answer = .failure(.notFound)
    case .failure(let reason):
      answer = .failure(reason)
      longest = Self.longestKeptFailure
    case .records(let records):
      let addresses = records.compactMap(SocketAddress.init(record:))
      answer = key.isAddresses ? .addresses(inOrder(addresses)) : Self.names(records)
    }
    // A look-up that was given up is no longer in `underWay`, and its result isn't cached.
    if underWay[key] === lookUp {
      underWay[key] = nil
      if let seconds = outcome.timeToLive {
        let now = loop.backend.now
        cache.insert(answer, for: key, until: now &+ Int64(min(seconds, longest)) * 1_000_000_000, now: now)
      }
    }
    lookUp.answer = answer
    for wait in lookUp.waits.takeAll() { loop.resume(wait) }
  }

  private static func names(_ records: [DNSRecordData]) -> NameAnswer {
    let names = records.compactMap { if case .ptr(let name) = $0 { name } else { nil } }
    let acceptable = names.filter(\.isHostName)
    if acceptable.isEmpty, let first = names.first { return .failure(.unacceptableName(first.text)) }
    return .names(acceptable.map(\.text))
  }

  // MARK: - Asking

  /// Asks all questions at the same time. Once one has records, the others have `patience` left.
  private nonisolated(nonsending) func ask(
    _ questions: [DNSQuestion], _ configuration: ResolverConfiguration
  ) async -> [Inquiry.Finding] {
    let servers = order.next(of: configuration.askedServers, rotates: configuration.rotates, now: loop.backend.now)
    if questions.count == 1 { return [await ask(questions[0], servers, configuration)] }
    return await withTaskGroup(of: (Int, Inquiry.Finding)?.self) { group in
      for (index, question) in questions.enumerated() {
        group.addTask { [self] in (index, await ask(question, servers, configuration)) }
      }
      var findings = [Inquiry.Finding](repeating: .failed([]), count: questions.count)
      var open = questions.count
      while open > 0, let ended = await group.next() {
        guard let (index, finding) = ended else {
          group.cancelAll()
          continue
        }
        findings[index] = finding
        open -= 1
        if open > 0, case .records = finding {
          group.addTask {
            try? await sleep(Self.patience)
            return nil
          }
        }
      }
      group.cancelAll()
      return findings
    }
  }

  private nonisolated(nonsending) func ask(
    _ question: DNSQuestion, _ servers: [SocketAddress], _ configuration: ResolverConfiguration
  ) async -> Inquiry.Finding {
    var inquiry = Inquiry(
      question.name, question.type, servers: servers, attempts: configuration.attempts,
      usesTCP: configuration.usesTCP, withoutEDNS: order.withoutEDNS(now: loop.backend.now))
    while true {
      switch inquiry.next() {
      case .done(let finding): return finding
      case .ask(let attempt):
        do {
          try await exchanges.acquire()
          defer { exchanges.release() }
          let time = configuration.timeout.clampedNanoseconds / (attempt.hasHalfTime ? 2 : 1)
          let message = try await NameExchange(attempt, on: loop).answer(until: loop.deadline(after: time))
          inquiry.answered(message)
          order.answered(attempt.server)
          if attempt.query.edns == nil && message.header.responseCode.isAnswer {
            order.answeredWithoutEDNS(attempt.server, now: loop.backend.now)
          }
        } catch is CancellationError {
          return .failed([NameError.ServerFailure(server: attempt.server, problem: .noAnswer)])
        } catch is DeadlinePassed {
          order.wasSilent(attempt.server, now: loop.backend.now)
          inquiry.failed(.noAnswer)
        } catch let error as SystemError where error.code == .timedOut {
          order.wasSilent(attempt.server, now: loop.backend.now)
          inquiry.failed(.noAnswer)
        } catch let error as SystemError {
          inquiry.failed(.unreachable(error))
        } catch {
          inquiry.failed(.unusableAnswer)
        }
      }
    }
  }
}

/// A look-up under way, and its waiters. On the loop's thread.
final class NameLookUpTask: WaitObject, @unchecked Sendable {
  // Sendable: like the stub resolver that it belongs to.
  let waitDescription: String
  var waits = WaitList<WaitID>()
  var answer: NameAnswer?
  var task: Task<Void, Never>?

  init(_ host: String) { waitDescription = host }
}

extension DNSResponseCode {
  /// Whether the code is about the name, and not about the server.
  fileprivate var isAnswer: Bool { self == .noError || self == .noSuchName }
}

extension DNSName {
  /// The text without the final dot.
  var text: String { isRoot ? "." : String(description.dropLast()) }
}

extension NameKey {
  var isAddresses: Bool { if case .addresses = self { true } else { false } }
}

extension SocketAddress {
  /// Makes an address with port 0.
  fileprivate init?(record: DNSRecordData) {
    switch record {
    case .a(let number): self.init(ipv4: number, port: 0)
    case .aaaa(let high, let low): self.init(ipv6: high, low, port: 0)
    default: return nil
    }
  }
}
