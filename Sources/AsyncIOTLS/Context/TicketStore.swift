// SPDX-License-Identifier: Apache-2.0
// The tickets that servers gave a client. A TLS 1.3 ticket is used once, so that observers cannot link two connections
// of one client (RFC 8446 appendix C.4). A TLS 1.2 ticket is used until it is replaced.

import COpenSSL
import Synchronization

final class TicketStore: Sendable {
  fileprivate struct Tickets: @unchecked Sendable {
    // Sendable: SSL_SESSION counts its references atomically, and a stored session does not change.
    var sessions: [OpaquePointer] = []
    /// When it was last used, counted in uses of the store.
    var lastUse: UInt64 = 0
  }
  fileprivate struct State: Sendable {
    var hosts: [String: Tickets] = [:]
    var uses: UInt64 = 0
  }

  static let hosts = 256
  /// Servers usually send two at once.
  static let ticketsPerHost = 4
  /// In bytes. Most tickets are below 300; one that holds a client's certificates may have some thousand.
  static let largestTicket = 16 * 1024

  private let state = Mutex(State())

  deinit {
    state.withLock { state in
      for tickets in state.hosts.values { tickets.sessions.forEach(SSL_SESSION_free) }
    }
  }

  /// Stores a ticket, and takes over its reference. Returns false, and stores nothing, if the ticket has a lifetime of
  /// zero (RFC 8446 section 4.6.1) or is larger than the limit.
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

  /// Gives the host's newest ticket, if there is one, to a connection that is about to start.
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

  /// The number of tickets.
  var count: Int { state.withLock { $0.hosts.values.reduce(0) { $0 + $1.sessions.count } } }

  private struct Box: @unchecked Sendable {
    // Sendable: only carried into the lock's body, on this thread.
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
