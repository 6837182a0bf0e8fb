// SPDX-License-Identifier: Apache-2.0
// The event stream format: https://html.spec.whatwg.org/multipage/server-sent-events.html, section 9.2.6.

/// An event of an event stream, as a browser's `EventSource` gets it.
///
/// ```swift
/// let event = ServerSentEvent("first\nsecond", event: "note", id: "7")
/// assert(String(decoding: event.bytes, as: UTF8.self) == "event: note\nid: 7\ndata: first\ndata: second\n\n")
/// ```
public struct ServerSentEvent: Hashable, Sendable {
  /// The text. Its line ends (CRLF, CR or LF) arrive as LF.
  public var data: String
  /// The type; nil for `message`.
  public var event: String?
  /// What the client says in Last-Event-ID when it connects again. Nil leaves the last one, the empty text clears it.
  public var id: String?
  /// How long the client waits before it connects again; in whole milliseconds.
  public var retry: Duration?

  /// An event.
  public init(_ data: String, event: String? = nil, id: String? = nil, retry: Duration? = nil) {
    self.data = data
    self.event = event
    self.id = id
    self.retry = retry
  }

  /// The event as it is sent. A type or an identifier ends at its first line end, and an identifier with a NUL is left
  /// out: a client would ignore it.
  public var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(data.utf8.count + 32)
    func append(_ name: String, _ value: some Sequence<UInt8>) {
      bytes.append(contentsOf: name.utf8)
      bytes.append(contentsOf: ": ".utf8)
      bytes.append(contentsOf: value)
      bytes.append(0x0A)
    }
    func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }
    if let event { append("event", event.utf8.prefix { !isLineEnd($0) }) }
    if let id, !id.utf8.contains(0) { append("id", id.utf8.prefix { !isLineEnd($0) }) }
    if let retry {
      let (seconds, attoseconds) = retry.components
      append("retry", "\(max(0, seconds * 1000 + attoseconds / 1_000_000_000_000_000))".utf8)
    }
    var line: [UInt8] = []
    var last: UInt8 = 0
    for byte in data.utf8 {
      if byte == 0x0A && last == 0x0D {
        // The second half of a CRLF.
      } else if isLineEnd(byte) {
        append("data", line)
        line.removeAll(keepingCapacity: true)
      } else {
        line.append(byte)
      }
      last = byte
    }
    append("data", line)
    bytes.append(0x0A)
    return bytes
  }
}
