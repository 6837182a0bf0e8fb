// SPDX-License-Identifier: Apache-2.0
// Everything that a peer can make us store or count has a limit, and exceeding each limit is an error with a name. The
// defaults admit what browsers and servers commonly send.

/// How much of a message to accept. All sizes are in bytes and include line ends.
///
/// ```swift
/// var limits = HTTP1Limits()
/// limits.maximumBodySize = 10_000_000
/// let parser = HTTP1RequestParser(limits: limits)
/// ```
public struct HTTP1Limits: Hashable, Sendable {
  /// The longest start line, field line or trailer line; 8 KiB.
  public var maximumLineLength = 8 * 1024
  /// The largest head: start line, field lines and the empty line; 64 KiB.
  public var maximumHeadSize = 64 * 1024
  /// The most field lines in a head; 128.
  public var maximumFieldCount = 128
  /// The largest body, without the chunks' framing. Nil, the default, leaves the limit to the consumer.
  public var maximumBodySize: Int?
  /// The longest line with a chunk's size and extensions; 1 KiB.
  public var maximumChunkLineLength = 1024
  /// The most bytes of all chunk extensions in a body; 16 KiB. They are skipped, so only a peer that wastes our time
  /// sends more. Of chunk sizes with more than 16 digits, the surplus counts too.
  public var maximumChunkExtensionsSize = 16 * 1024
  /// The largest trailer section, with its empty line; 16 KiB.
  public var maximumTrailersSize = 16 * 1024
  /// The most trailer lines; 64.
  public var maximumTrailerCount = 64
  /// The most informational (1xx) responses before the final one; 16.
  public var maximumInformationalResponses = 16

  /// The default limits.
  public init() {}
}
