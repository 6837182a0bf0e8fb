// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore
import DNSWire
import Glibc

/// A name without an address, or a failed look-up: the name and the reason.
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
  /// Why the look-up failed.
  public enum Reason: Hashable, Sendable {
    /// The name doesn't exist, or an address has no name.
    case notFound
    /// The name exists but has no address, or none of the requested family.
    case noAddress(SocketAddress.Family?)
    /// These name servers didn't answer in time.
    case timedOut(servers: [SocketAddress])
    /// No name server gave an answer, and at least one refused or could not be reached.
    case serverFailure([ServerFailure])
    /// The text can't be a host name, for this reason.
    case malformed(String)
    /// The name servers' answer contains a name that a host can't have: as an alias, or as the name of an address. libc
    /// refuses such names too (res_hnok(3)). They may be aimed at a program that hands them to a shell.
    case unacceptableName(String)
    /// libc's error: a code of getaddrinfo(3).
    case system(code: Int32)
  }

  /// How a name server failed to answer.
  public struct ServerFailure: Hashable, Sendable, CustomStringConvertible {
    /// The ways in which a name server can fail.
    public enum Problem: Hashable, Sendable {
      /// The server didn't answer in time.
      case noAnswer
      /// The server couldn't be reached.
      case unreachable(SystemError)
      /// The server answered with an error (RFC 1035, §4.1.1): 2 is SERVFAIL, 5 is REFUSED.
      case refused(responseCode: UInt16)
      /// The server sent a response that doesn't answer the question.
      case unusableAnswer
    }

    /// The name server.
    public let server: SocketAddress
    /// How the server failed.
    public let problem: Problem

    /// Makes a failure of a name server.
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

  /// The host name or address that was looked up.
  public let host: String
  /// Why the look-up failed.
  public let reason: Reason

  init(host: String, _ reason: Reason) {
    self.host = host
    self.reason = reason
  }

  /// Makes an error from a code of getaddrinfo(3) or getnameinfo(3).
  init(host: String, code: Int32) {
    self.host = host
    reason =
      switch code {
      case EAI_NONAME: .notFound
      case Self.noData: .noAddress(nil)
      default: .system(code: code)
      }
  }

  /// EAI_NODATA, which glibc declares only with extensions.
  private static let noData: Int32 = -5

  /// The error as a code of getaddrinfo(3): EAI_AGAIN if a later attempt may succeed.
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
    // A malformed name may contain anything. Quotes keep it on its line, and make an empty one visible.
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
      unsafe "\(Self.lowercased(String(cString: gai_strerror(code)))) (getaddrinfo \(code))"
    }
  }

  private static func lowercased(_ sentence: String) -> String {
    sentence.prefix(1).lowercased() + sentence.dropFirst()
  }
}
