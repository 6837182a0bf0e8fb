// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// The key of a cached answer: the question.
enum NameKey: Hashable, Sendable {
  /// The host in its canonical form.
  case addresses(host: String, SocketAddress.Family?)
  /// An address with port 0.
  case name(of: SocketAddress)
}

/// The result of a look-up.
enum NameAnswer: Hashable, Sendable {
  /// Addresses with port 0.
  case addresses([SocketAddress])
  case names([String])
  case failure(NameError.Reason)

  var addresses: [SocketAddress] { if case .addresses(let addresses) = self { addresses } else { [] } }
  var names: [String] { if case .names(let names) = self { names } else { [] } }
}
