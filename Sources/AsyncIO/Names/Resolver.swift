// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import Synchronization

/// A way to look up names.
///
/// The default, `automatic`, asks the name servers itself, on the loop, if that finds what libc would find. Otherwise
/// it calls libc on a thread. A program can choose for one call, or for all look-ups of a task:
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
/// A stub resolver caches answers for their TTL, for each loop separately: make one and keep it.
public final class Resolver: Sendable {
  /// The stub resolver with this machine's configuration, if /etc/nsswitch.conf says that hosts are looked up in
  /// /etc/hosts and then in DNS; libc otherwise. Under virtual time it looks names up in the virtual network.
  public static let automatic = Resolver(.automatic)

  /// getaddrinfo(3) and getnameinfo(3), on a thread of the blocking pool: they use every source that the machine is set
  /// up for. A look-up that is cancelled keeps its thread until it ends.
  public static let system = Resolver(.system)

  /// The resolver of the current task; `automatic` unless another was bound. Child tasks and `Task {}` inherit it.
  @TaskLocal public static var current: Resolver = .automatic

  /// Makes a resolver that asks name servers itself.
  ///
  /// - Parameter configuration: The servers, and how to ask them. Nil follows this machine's own, /etc/resolv.conf and
  ///   /etc/hosts, which are read again when they change.
  public static func stub(_ configuration: ResolverConfiguration? = nil) -> Resolver {
    guard let configuration else { return machine }
    return Resolver(.stub(.fixed(configuration)))
  }

  /// The shared resolver for the machine's own configuration.
  static let machine = Resolver(.stub(.files(.standard)))

  /// Makes a resolver that reads other files than those of /etc.
  static func stub(files: SystemFiles) -> Resolver { Resolver(.stub(.files(files))) }

  /// Makes a resolver that reads other files than those of /etc.
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
  /// The stub resolver that `automatic` uses; nil for the machine's.
  private let machine: Resolver?
  /// Unique in the process.
  let number = Resolver.numbers.add(1, ordering: .relaxed).newValue
  private static let numbers = Atomic<UInt64>(0)
  /// The loops that keep a stub resolver for this. The standing resolvers live as long as the process, and
  /// no loop has to forget them.
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

  /// The loop's stub resolver for this, made at its first use. On the loop's thread.
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

/// The stub resolvers that a loop has used. On the loop's thread.
final class LoopStubs {
  private unowned let loop: EventLoop
  private var stubs: [UInt64: StubResolver] = [:]

  private init(_ loop: EventLoop) { self.loop = loop }

  static func of(_ loop: EventLoop) -> LoopStubs {
    loop.attachment { LoopStubs(loop) }
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
