// SPDX-License-Identifier: Apache-2.0

import AsyncIO

extension TLSError: PeerDeparture {
  /// Whether the client just left. One that connects and leaves (a health check), or that omits close_notify, is not a
  /// failure of the server's handler.
  package var isPeerDeparture: Bool { kind == .truncated }
}
