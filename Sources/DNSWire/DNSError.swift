// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a DNS message or a name, read or written.
///
/// Its description is one line: `DNS message: a compression pointer at byte 12 does not point backwards`. Offsets are
/// in bytes from the beginning of the message.
public enum DNSError: Error, Hashable, Sendable, CustomStringConvertible {
  // MARK: Messages that were read

  /// The message ends within the part that began at this offset.
  case truncated(offset: Int)
  /// A label's first two bits are 01 or 10, which are not in use (RFC 1035, §4.1.4; RFC 6891, §5).
  case reservedLabelKind(offset: Int)
  /// A compression pointer points at itself or to later bytes. Following it might never end.
  case pointerNotBackwards(offset: Int)
  /// The name at this offset has more than 127 compression pointers. Or, with it, the names of the message have more
  /// pointers than the message has bytes.
  case tooManyPointers(offset: Int)
  /// The name that begins at this offset is longer than 255 bytes.
  case nameTooLongInMessage(offset: Int)
  /// A record's data is not as long as its type needs.
  case wrongDataLength(DNSType, offset: Int)
  /// The message has several OPT records (RFC 6891, §6.1.1).
  case severalEDNSRecords
  /// An OPT record does not belong to the root (RFC 6891, §6.1.2), or is not among the additional records.
  case misplacedEDNSRecord

  // MARK: Names from text

  /// A name has an empty label, as in `a..b`, or is empty.
  case emptyLabel(name: String)
  /// A label is longer than 63 bytes.
  case labelTooLong(name: String)
  /// A name is longer than 255 bytes in wire form.
  case nameTooLong(name: String)
  /// A backslash is not followed by a character or by three digits up to 255 (RFC 1035, §5.1).
  case badEscape(name: String)

  // MARK: Messages to be written

  /// A string of a TXT record is longer than 255 bytes.
  case stringTooLong(count: Int)
  /// The message, or one record's data, is longer than 65,535 bytes.
  case messageTooLong
  /// A section has more than 65,535 entries.
  case tooManyRecords

  /// One line that names the fault, and its place or the name.
  public var description: String {
    switch self {
    case .truncated(let offset): "DNS message: it ends within the part that begins at byte \(offset)"
    case .reservedLabelKind(let offset): "DNS message: the label at byte \(offset) has an unknown kind"
    case .pointerNotBackwards(let offset):
      "DNS message: a compression pointer at byte \(offset) does not point backwards"
    case .tooManyPointers(let offset): "DNS message: the name at byte \(offset) has too many compression pointers"
    case .nameTooLongInMessage(let offset): "DNS message: the name at byte \(offset) is longer than 255 bytes"
    case .wrongDataLength(let type, let offset):
      "DNS message: the data of the \(type) record at byte \(offset) has a wrong length"
    case .severalEDNSRecords: "DNS message: it has several OPT records"
    case .misplacedEDNSRecord: "DNS message: its OPT record is misplaced"
    case .emptyLabel(let name): "DNS name \"\(name)\": a label is empty"
    case .labelTooLong(let name): "DNS name \"\(name)\": a label is longer than 63 bytes"
    case .nameTooLong(let name): "DNS name \"\(name)\": it is longer than 255 bytes"
    case .badEscape(let name): "DNS name \"\(name)\": a backslash begins an invalid escape"
    case .stringTooLong(let count): "DNS message: a string of \(count) bytes is longer than 255"
    case .messageTooLong: "DNS message: it would be longer than 65,535 bytes"
    case .tooManyRecords: "DNS message: a section would have more than 65,535 records"
    }
  }
}
