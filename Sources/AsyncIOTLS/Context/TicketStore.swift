// SPDX-License-Identifier: Apache-2.0
// What servers gave a client to come back with. A ticket of TLS 1.3 is used once, so that nobody can see by it that two
// connections are of the same client (RFC 8446 appendix C.4); one of TLS 1.2 is used until it is replaced.

import COpenSSL
import Synchronization

final class TicketStore: Sendable {
  fileprivate struct Tickets: @unchecked Sendable {
    // Sendable: SSL_SESSION counts its references atomically, and a session that is kept here doesn't change.
    var sessions: [OpaquePointer] = []
    /// When it was last used, in uses of the store.
    var lastUse: UInt64 = 0
  }
  fileprivate struct State: Sendable {
    var hosts: [String: Tickets] = [:]
    var uses: UInt64 = 0
  }

  static let hosts = 256
  /// Servers usually send two at a time.
  static let ticketsPerHost = 4
  /// In bytes. Most are below 300; with the certificates of a client in it one may have some thousand.
  static let largestTicket = 16 * 1024

  private let state = Mutex(State())

  deinit {
    state.withLock { state in
      for tickets in state.hosts.values { tickets.sessions.forEach(SSL_SESSION_free) }
    }
  }

  /// Keeps a ticket, whose reference becomes the store's. Returns whether it has: not one that is to be forgotten at once
  /// (a lifetime of zero, RFC 8446 section 4.6.1), or is larger than it needs to be.
  func keep(_ ticket: OpaquePointer, for host: String) -> Bool {
    var (bytes, size): (UnsafePointer<UInt8>?, Int) = (nil, 0)
    SSL_SESSION_get0_ticket(ticket, &bytes, &size)
    guard size <= Self.largestTicket else { return false }
    let isOld = SSL_SESSION_get_protocol_version(ticket) < TLS1_3_VERSION
    guard isOld || SSL_SESSION_get_ticket_lifetime_hint(ticket) > 0 else { return false }
    let box = Box(session: ticket)
    state.withLock { state in
      state.uses += 1
      if state.hosts[host] == nil && state.hosts.count >= Self.hosts { state.forgetOldest() }
      var tickets = state.hosts[host] ?? Tickets()
      if isOld || tickets.sessions.count >= Self.ticketsPerHost {
        let count = isOld ? tickets.sessions.count : 1
        tickets.sessions.prefix(count).forEach(SSL_SESSION_free)
        tickets.sessions.removeFirst(count)
      }
      tickets.sessions.append(box.session)
      tickets.lastUse = state.uses
      state.hosts[host] = tickets
    }
    return true
  }

  /// Sets a connection that begins to the host's newest ticket, if there is one.
  func use(on ssl: OpaquePointer, for host: String) {
    let box = Box(session: ssl)
    state.withLock { state in
      guard var tickets = state.hosts[host], let ticket = tickets.sessions.last else { return }
      state.uses += 1
      tickets.lastUse = state.uses
      SSL_set_session(box.session, ticket)
      if SSL_SESSION_get_protocol_version(ticket) >= TLS1_3_VERSION {
        tickets.sessions.removeLast()
        SSL_SESSION_free(ticket)
      }
      state.hosts[host] = tickets
    }
  }

  /// How many tickets there are.
  var count: Int { state.withLock { $0.hosts.values.reduce(0) { $0 + $1.sessions.count } } }

  private struct Box: @unchecked Sendable {
    // Sendable: carried into the lock's body, on the same thread.
    let session: OpaquePointer
  }
}

extension TicketStore.State {
  fileprivate mutating func forgetOldest() {
    guard let oldest = hosts.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return }
    oldest.value.sessions.forEach(SSL_SESSION_free)
    hosts[oldest.key] = nil
  }
}
