// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore
import DNSWire
import Glibc

/// A name that has no address, or whose look-up failed: which, and why.
///
/// Its description is one line: `resolve example.com: no answer from 192.0.2.53:53`.
///
/// ```swift
/// do {
///   _ = try await resolve("db.internal", port: 5432)
/// } catch let error as NameError where error.reason == .notFound {
///   print("there is no db.internal")
/// }
/// ```
public struct NameError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Why there is no answer.
  public enum Reason: Hashable, Sendable {
    /// There is no such name (or, of an address, it has no name).
    case notFound
    /// The name exists, and has no address; or none of the family that was asked for.
    case noAddress(SocketAddress.Family?)
    /// None of these name servers answered in time.
    case timedOut(servers: [SocketAddress])
    /// No name server gave an answer, and at least one said that it can't, or could not be reached.
    case serverFailure([ServerFailure])
    /// It can't be a name of a host: why.
    case malformed(String)
    /// What the name servers lead to is a name that no host can have: an alias, or the name of an address. libc refuses
    /// it too, see res_hnok(3): it may be meant for a program that hands it to a shell.
    case unacceptableName(String)
    /// libc says so: a code of getaddrinfo(3).
    case system(code: Int32)
  }

  /// What a name server did instead of answering.
  public struct ServerFailure: Hashable, Sendable, CustomStringConvertible {
    /// What went wrong.
    public enum Problem: Hashable, Sendable {
      /// It did not answer in time.
      case noAnswer
      /// It could not be reached.
      case unreachable(SystemError)
      /// It answered with a response code that is no answer (RFC 1035, §4.1.1): 2 is SERVFAIL, 5 is REFUSED.
      case refused(responseCode: UInt16)
      /// It sent something that is not an answer to the question.
      case unusableAnswer
    }

    /// The name server.
    public let server: SocketAddress
    /// What went wrong.
    public let problem: Problem

    public init(server: SocketAddress, problem: Problem) {
      self.server = server
      self.problem = problem
    }

    public var description: String {
      switch problem {
      case .noAnswer: "\(server) did not answer"
      case .unreachable(let error): "\(server) can't be reached: \(error.code.explanation) (\(error.code.name))"
      case .refused(let code): "\(server) answered \(DNSResponseCode(rawValue: code))"
      case .unusableAnswer: "\(server) sent a malformed or unrelated answer"
      }
    }
  }

  /// What was looked up.
  public let host: String
  /// Why there is no answer.
  public let reason: Reason

  init(host: String, _ reason: Reason) {
    self.host = host
    self.reason = reason
  }

  /// From what getaddrinfo(3) or getnameinfo(3) returned.
  init(host: String, code: Int32) {
    self.host = host
    reason =
      switch code {
      case EAI_NONAME: .notFound
      case Self.noData: .noAddress(nil)
      default: .system(code: code)
      }
  }

  /// EAI_NODATA, which glibc declares for C with extensions only.
  private static let noData: Int32 = -5

  /// The same as a code of getaddrinfo(3): EAI_AGAIN if it may be different a little later.
  public var code: Int32 {
    switch reason {
    case .notFound, .malformed: EAI_NONAME
    case .noAddress: Self.noData
    case .timedOut, .serverFailure: EAI_AGAIN
    case .unacceptableName: EAI_FAIL
    case .system(let code): code
    }
  }

  public var description: String {
    // What is no name may be anything: in quotes it stays within its line, and an empty one can be seen.
    if case .malformed = reason { return "resolve \(host.debugDescription): \(explanation)" }
    return "resolve \(host): \(explanation)"
  }

  private var explanation: String {
    switch reason {
    case .notFound: "no such name"
    case .noAddress(.ipv4): "the name has no IPv4 address"
    case .noAddress(.ipv6): "the name has no IPv6 address"
    case .noAddress(.unix): "a Unix socket has no host"
    case .noAddress: "the name has no address"
    case .timedOut(let servers): "no answer from " + servers.map(\.description).joined(separator: ", ")
    case .serverFailure(let failures): failures.map(\.description).joined(separator: "; ")
    case .malformed(let why): "not a host name: \(why)"
    case .unacceptableName(let name): "leads to \(name.debugDescription), which is not a host name"
    case .system(let code):
      "\(Self.lowercased(String(cString: gai_strerror(code)))) (getaddrinfo \(code))"
    }
  }

  private static func lowercased(_ sentence: String) -> String {
    sentence.prefix(1).lowercased() + sentence.dropFirst()
  }
}
