// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Synchronization

/// Who looks names up.
///
/// Nobody need choose: `automatic` asks the name servers itself, on the loop, where that gives what libc would give, and
/// libc on a thread where not. A program can choose for one call, or for all that a task does:
///
/// ```swift
/// let fast = Resolver.stub(ResolverConfiguration(servers: [SocketAddress("192.0.2.53", port: 53)!]))
/// print(try await resolve("example.com", port: 443, using: fast))
/// try await Resolver.$current.withValue(fast) {
///   let (_, writer) = try await openConnection(host: "example.com", port: 443)
///   try await writer.close()
/// }
/// ```
///
/// A stub resolver keeps answers for their time to live, for each loop by itself: make one and keep it.
public final class Resolver: Sendable {
  /// The stub resolver with this machine's configuration if /etc/nsswitch.conf says that hosts are looked for in
  /// /etc/hosts and then in DNS, else libc. Under virtual time names are those of the virtual network.
  public static let automatic = Resolver(.automatic)

  /// getaddrinfo(3) and getnameinfo(3), on a thread of the blocking pool: whatever the machine is set up for. A look-up
  /// that is cancelled keeps its thread until it ends.
  public static let system = Resolver(.system)

  /// The resolver of the current task; `automatic` unless something else was bound. Child tasks and `Task {}` inherit it.
  @TaskLocal public static var current: Resolver = .automatic

  /// A resolver that asks name servers itself.
  ///
  /// - Parameter configuration: Which, and how; nil is this machine's own, /etc/resolv.conf and /etc/hosts, which are
  ///   read again after they have changed.
  public static func stub(_ configuration: ResolverConfiguration? = nil) -> Resolver {
    guard let configuration else { return machine }
    return Resolver(.stub(.fixed(configuration)))
  }

  /// One for all who want the machine's own.
  static let machine = Resolver(.stub(.files(.standard)))

  /// With other files than those of /etc.
  static func stub(files: SystemFiles) -> Resolver { Resolver(.stub(.files(files))) }

  /// With other files than those of /etc.
  static func automatic(_ files: SystemFiles) -> Resolver {
    Resolver(.automatic, machine: Resolver(.stub(.files(files))))
  }

  enum Kind: Sendable {
    case automatic
    case system
    case stub(StubSource)
  }

  enum StubSource: Sendable {
    case fixed(ResolverConfiguration)
    case files(SystemFiles)
  }

  let kind: Kind
  /// Which stub resolver `automatic` means; nil for the machine's.
  private let machine: Resolver?
  /// No other resolver of this process has it.
  let number = Resolver.numbers.add(1, ordering: .relaxed).newValue
  private static let numbers = Atomic<UInt64>(0)
  /// The loops that keep something for this. The standing ones are used for as long as the process lives, and have
  /// nothing to take back.
  private let loops = Mutex<[EventLoop]>([])

  private init(_ kind: Kind, machine: Resolver? = nil) {
    self.kind = kind
    self.machine = machine
  }

  func isUsed(on loop: EventLoop) {
    if self === Resolver.machine { return }
    loops.withLock { loops in
      loops.removeAll { $0.isClosed }
      loops.append(loop)
    }
  }

  /// What a loop keeps for this: made at its first use. On the loop's thread.
  func stub(on loop: EventLoop) -> StubResolver {
    guard case .stub(let source) = kind else { return (machine ?? .machine).stub(on: loop) }
    return LoopStubs.of(loop).stub(for: self, source)
  }

  deinit {
    guard case .stub = kind else { return }
    let number = number
    for loop in loops.withLock({ $0 }) where !loop.isClosed {
      loop.postFromAnywhere { if $0.isCurrent { LoopStubs.of($0).forget(number) } }
    }
  }
}

/// The stub resolvers that a loop has used. On its thread.
final class LoopStubs {
  private unowned let loop: EventLoop
  private var stubs: [UInt64: StubResolver] = [:]

  private init(_ loop: EventLoop) { self.loop = loop }

  static func of(_ loop: EventLoop) -> LoopStubs {
    let key = ObjectIdentifier(LoopStubs.self)
    if let known = loop.attachments[key] as? LoopStubs { return known }
    let stubs = LoopStubs(loop)
    loop.attachments[key] = stubs
    return stubs
  }

  func stub(for resolver: Resolver, _ source: Resolver.StubSource) -> StubResolver {
    if let known = stubs[resolver.number] { return known }
    let stub = StubResolver(source, on: loop)
    stubs[resolver.number] = stub
    resolver.isUsed(on: loop)
    return stub
  }

  var count: Int { stubs.count }

  func forget(_ number: UInt64) { stubs[number] = nil }
}
