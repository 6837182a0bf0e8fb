// SPDX-License-Identifier: Apache-2.0

import AsyncIO

extension TLSError: PeerDeparture {
  /// A client that connects and goes, as a check of health does, or that doesn't say close_notify, is no failure of a
  /// server's handler.
  package var isPeerDeparture: Bool { kind == .truncated }
}
