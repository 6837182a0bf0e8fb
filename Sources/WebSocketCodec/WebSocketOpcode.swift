// SPDX-License-Identifier: Apache-2.0

/// What a frame carries (RFC 6455 section 5.2).
enum WebSocketOpcode: UInt8 {
  case continuation = 0x0
  case text = 0x1
  case binary = 0x2
  case close = 0x8
  case ping = 0x9
  case pong = 0xA

  /// Close, ping and pong: at most 125 bytes, never in fragments, and allowed within a message.
  var isControl: Bool { rawValue & 0x8 != 0 }
}

/// The end of a WebSocket that only one half talks to.
public enum WebSocketRole: Sendable {
  /// Masks what it sends, and wants it unmasked.
  case client
  /// Wants what it receives masked, and sends it unmasked.
  case server
}

/// What a message is.
public enum WebSocketMessageKind: Sendable {
  /// UTF-8.
  case text
  /// Any bytes.
  case binary
}
