// SPDX-License-Identifier: Apache-2.0

extension HTTPFields {
  /// Appends a field line. Blanks at both ends of the value are dropped: they are not part of it.
  ///
  /// - Throws: `HTTP1Error` if the name is not a token, or the value has a control character other than HTAB. Then
  ///   nothing is appended. In particular, a value cannot end its line and begin another.
  public mutating func append(_ name: String, _ value: String) throws(HTTP1Error) {
    try append(name, bytes: value.utf8)
  }

  /// Appends a field line whose value need not be UTF-8.
  ///
  /// - Throws: `HTTP1Error`, for the same reasons as ``append(_:_:)``.
  public mutating func append(_ name: String, bytes value: some Sequence<UInt8>) throws(HTTP1Error) {
    let start = storage.count
    storage.append(text: name)
    let nameEnd = storage.count
    storage.append(ASCII.colon)
    storage.append(ASCII.space)
    let valueStart = storage.count
    storage.append(contentsOf: value)
    let end = storage.count
    let checked = storage.withUnsafeBytes { bytes -> Result<Range<Int>, HTTP1Error> in
      guard nameEnd > start else { return .failure(HTTP1Error(.fields, .emptyFieldName)) }
      guard bytes[start..<nameEnd].allSatisfy({ ByteSet.token.contains($0) }) else {
        return .failure(HTTP1Error(.fields, .invalidFieldName, bytes[start..<nameEnd]))
      }
      let range = bytes.trimmingBlanks(valueStart..<end)
      if let offset = FieldSyntax.firstControlCharacter(in: bytes, range) {
        return .failure(HTTP1Error(.fields, FieldSyntax.problem(with: bytes[offset]), bytes[start..<end]))
      }
      return .success(range)
    }
    switch checked {
    case .success(let range): lines.append(Line(name: start..<nameEnd, value: range))
    case .failure(let error):
      storage.removeSubrange(start...)
      throw error
    }
  }

  /// Replaces all lines with this name by one, in the place of the first. Without such lines, appends it.
  ///
  /// - Throws: `HTTP1Error`, for the same reasons as ``append(_:_:)``; then nothing has changed.
  public mutating func set(_ name: String, to value: String) throws(HTTP1Error) {
    let position = firstIndex(of: name)
    try append(name, value)
    guard let position, let line = lines.popLast() else { return }
    removeAll(name)
    lines.insert(line, at: position)
  }

  /// Removes all lines with this name, in any case.
  public mutating func removeAll(_ name: String) {
    var name = name
    name.withUTF8 { utf8 in
      storage.withUnsafeBytes { bytes in
        lines.removeAll { bytes.part($0.name).equalsIgnoringCase(ByteView(utf8)) }
      }
    }
  }
}

extension HTTPFields: ExpressibleByDictionaryLiteral {
  /// Fields written in the program, in that order. An invalid name or value traps: for input from elsewhere use
  /// ``append(_:_:)``.
  public init(dictionaryLiteral elements: (String, String)...) {
    self.init()
    for (name, value) in elements {
      do { try append(name, value) } catch { fatalError("HTTPFields literal: \(error.kind) (\"\(name)\")") }
    }
  }
}
