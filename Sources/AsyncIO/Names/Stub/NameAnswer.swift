// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// What is looked up: what answers are kept by.
enum NameKey: Hashable, Sendable {
  /// The host in its canonical form.
  case addresses(host: String, SocketAddress.Family?)
  /// An address with port 0.
  case name(of: SocketAddress)
}

/// What came of it.
enum NameAnswer: Hashable, Sendable {
  /// With port 0.
  case addresses([SocketAddress])
  case names([String])
  case failure(NameError.Reason)

  var addresses: [SocketAddress] { if case .addresses(let addresses) = self { addresses } else { [] } }
  var names: [String] { if case .names(let names) = self { names } else { [] } }
}
