// SPDX-License-Identifier: Apache-2.0
// Gathers a head or a trailer section line by line. A line is looked at only once its LF has arrived, and each limit
// counts bytes from the start of the line or section. So the outcome, errors included, does not depend on how the bytes
// were split on their way.
//
// Lines are copied into `storage` as they come, one memcpy a line. The array then moves into the head that is handed
// out. The next section starts a new array, reserved at the size of the last.

struct FieldSection {
  /// The fields that the parsers use themselves, noted as their lines are read.
  struct Seen: OptionSet {
    let rawValue: UInt8
    static let contentLength = Seen(rawValue: 1)
    static let transferEncoding = Seen(rawValue: 2)
    static let connection = Seen(rawValue: 4)
    static let host = Seen(rawValue: 8)
    static let secondHost = Seen(rawValue: 16)
    static let location = Seen(rawValue: 32)
    static let secondLocation = Seen(rawValue: 64)
    static let expect = Seen(rawValue: 128)
  }

  /// The limits of the section, and the error for each.
  struct Bounds {
    let lineLength: Int
    let size: Int
    let count: Int
    let tooLarge: HTTP1Error.Kind
    let tooMany: HTTP1Error.Kind
  }

  let message: HTTP1Error.Message
  let bounds: Bounds
  private(set) var seen: Seen = []
  private(set) var storage: [UInt8] = []
  private var lines: [HTTPFields.Line] = []
  /// The start of the current line in `storage`.
  private var lineStart = 0
  private var expectedSize = 0
  private var expectedCount = 0

  init(message: HTTP1Error.Message, bounds: Bounds) {
    self.message = message
    self.bounds = bounds
  }

  /// Whether the section has no bytes yet.
  var isEmpty: Bool { storage.isEmpty }

  /// Takes bytes up to and including the next CRLF. Returns the line's range in `storage`, without the CRLF. Returns
  /// nil if all input is taken and the line is incomplete.
  @inline(__always)
  mutating func nextLine(
    in input: ByteView, at offset: inout Int, tooLong: HTTP1Error.Kind
  ) throws(HTTP1Error) -> Range<Int>? {
    let gathered = storage.count - lineStart
    let room = bounds.size - lineStart
    let allowed = (bounds.lineLength < room ? bounds.lineLength : room) - gathered
    let available = input.count - offset
    let window = allowed < available ? allowed : available
    guard let lf = input.firstOffset(of: ASCII.lf, in: offset..<offset + window) else {
      if window < available {
        let kind = bounds.lineLength < room ? tooLong : bounds.tooLarge
        throw HTTP1Error(message, kind, storage[lineStart...] + input[offset..<offset + window])
      }
      storage.append(contentsOf: input[offset..<offset + window])
      offset += window
      return nil
    }
    if storage.isEmpty { storage.reserveCapacity(expectedSize) }
    storage.append(contentsOf: input.part(offset..<lf + 1))
    offset = lf + 1
    let end = storage.count
    guard end - lineStart >= 2, storage[end - 2] == ASCII.cr else {
      throw HTTP1Error(message, .bareLF, storage[lineStart..<end])
    }
    defer { lineStart = end }
    return lineStart..<end - 2
  }

  /// Drops the lines so far, such as empty ones before a request line.
  mutating func dropLines() {
    storage.removeAll(keepingCapacity: true)
    lineStart = 0
  }

  /// Takes field lines up to and including the empty line. Returns false if all input is taken before that.
  @inline(__always)
  mutating func readFields(
    in input: ByteView, at offset: inout Int
  ) throws(HTTP1Error) -> Bool {
    while let range = try nextLine(in: input, at: &offset, tooLong: .fieldLineTooLong) {
      if range.isEmpty { return true }
      if ASCII.isBlank(storage[range.lowerBound]) {
        try unfold(range)
        continue
      }
      guard lines.count < bounds.count else { throw HTTP1Error(message, bounds.tooMany) }
      let message = message
      let (line, name) = try storage.span.withUnsafeBytes { (bytes) throws(HTTP1Error) in
        let line = try FieldSyntax.parse(bytes, range, of: message)
        return (line, Self.seenField(bytes.part(line.name)))
      }
      if name == .host, seen.contains(.host) { seen.insert(.secondHost) }
      if name == .location, seen.contains(.location) { seen.insert(.secondLocation) }
      seen.formUnion(name)
      if lines.isEmpty { lines.reserveCapacity(expectedCount) }
      lines.append(line)
    }
    return false
  }

  /// Hands out the gathered fields and starts anew.
  mutating func take() -> HTTPFields {
    expectedSize = storage.count < 4096 ? storage.count + 64 : 4096
    expectedCount = lines.count
    let fields = HTTPFields(storage: storage, lines: lines)
    storage = []
    lines = []
    seen = []
    lineStart = 0
    return fields
  }

  @inline(__always)
  private static func seenField(_ name: ByteView) -> Seen {
    switch name.count {
    case 4: name.equalsIgnoringCase("host") ? .host : []
    case 6: name.equalsIgnoringCase("expect") ? .expect : []
    case 8: name.equalsIgnoringCase("location") ? .location : []
    case 10: name.equalsIgnoringCase("connection") ? .connection : []
    case 14: name.equalsIgnoringCase("content-length") ? .contentLength : []
    case 17: name.equalsIgnoringCase("transfer-encoding") ? .transferEncoding : []
    default: []
    }
  }

  /// Handles a line that starts with a blank and so continues the line before. Servers must reject it; clients must
  /// read the line end as spaces (RFC 9112 section 5.2).
  private mutating func unfold(_ range: Range<Int>) throws(HTTP1Error) {
    guard let last = lines.last else {
      throw HTTP1Error(message, .whitespaceBeforeFirstField, storage[range])
    }
    guard message == .response else { throw HTTP1Error(message, .obsoleteLineFolding, storage[range]) }
    let message = message
    let more = try storage.span.withUnsafeBytes { (bytes) throws(HTTP1Error) in
      let more = bytes.trimmingBlanks(range)
      if let bad = FieldSyntax.firstControlCharacter(in: bytes, more) {
        throw HTTP1Error(message, FieldSyntax.problem(with: bytes[bad]), bytes[range])
      }
      return more
    }
    guard !more.isEmpty else { return }
    let start = last.valueCount == 0 ? more.lowerBound : last.value.lowerBound
    for offset in last.value.upperBound..<more.lowerBound
    where storage[offset] == ASCII.cr || storage[offset] == ASCII.lf {
      storage[offset] = ASCII.space
    }
    lines[lines.count - 1] = HTTPFields.Line(name: last.name, value: start..<more.upperBound)
  }
}
