// SPDX-License-Identifier: Apache-2.0
// Values are written straight into the output: no tree, no dictionary. That works as long as a type finishes a nested
// container before it goes on with the outer one, which synthesised code and nearly all other does. A container that is
// written to after it was closed gives `InterleavedContainers`, and the encode begins anew with a tree.

/// A value wrote to two containers by turns.
struct InterleavedContainers: Error {}

final class JSONWriter {
  struct Level {
    /// Tells a container from another one that was at this depth before.
    var id: Int
    var isObject: Bool
    var count: Int
    /// The key that is being written, for coding paths.
    var key: String
  }

  let output = ByteOutput()
  @exclusivity(unchecked) private(set) var levels: [Level] = []
  @exclusivity(unchecked) private var lastID = 0
  @exclusivity(unchecked) private(set) var isInterleaved = false
  /// Whether the value that is being encoded has made something.
  @exclusivity(unchecked) private var hasWritten = false
  let options: JSONEncodingOptions

  init(options: JSONEncodingOptions) { self.options = options }

  func encodeRoot<Value: Encodable>(_ value: Value) throws {
    try encode(value)
    close(downTo: 0)
    if isInterleaved { throw InterleavedContainers() }
  }

  // MARK: - Containers

  /// Opens an object or an array as the value at a depth. Returns its level. A second container of one value is the
  /// first one, as long as that is open.
  func begin(isObject: Bool, at depth: Int) -> (depth: Int, id: Int) {
    if levels.count > depth {
      guard levels[depth].isObject == isObject else {
        isInterleaved = true
        return (depth, -1)
      }
      return (depth, levels[depth].id)
    }
    if levels.count < depth { isInterleaved = true }
    hasWritten = true
    lastID += 1
    output.append(byte: UInt8(ascii: isObject ? "{" : "["))
    levels.append(Level(id: lastID, isObject: isObject, count: 0, key: ""))
    return (levels.count - 1, lastID)
  }

  /// Closes what is open above a depth.
  @inline(__always)
  func close(downTo depth: Int) {
    while levels.count > depth {
      let level = levels.removeLast()
      output.append(byte: UInt8(ascii: level.isObject ? "}" : "]"))
    }
  }

  /// Makes a container the one that is written to. False if it was closed.
  @inline(__always)
  private func select(_ depth: Int, _ id: Int) -> Bool {
    guard depth < levels.count, levels[depth].id == id else {
      isInterleaved = true
      return false
    }
    if levels.count > depth + 1 { close(downTo: depth + 1) }
    return true
  }

  /// Begins a member of an object.
  @inline(__always)
  func key(_ key: String, depth: Int, id: Int) throws {
    guard select(depth, id) else { throw InterleavedContainers() }
    if levels[depth].count > 0 { output.append(byte: UInt8(ascii: ",")) }
    levels[depth].count += 1
    levels[depth].key = key
    output.append(quoted: key)
    output.append(byte: UInt8(ascii: ":"))
  }

  /// Begins an element of an array.
  @inline(__always)
  func element(depth: Int, id: Int) throws {
    guard select(depth, id) else { throw InterleavedContainers() }
    if levels[depth].count > 0 { output.append(byte: UInt8(ascii: ",")) }
    levels[depth].count += 1
  }

  func count(depth: Int, id: Int) -> Int { depth < levels.count && levels[depth].id == id ? levels[depth].count : 0 }

  /// Gives up writing in one pass.
  func needsTree() { isInterleaved = true }

  // MARK: - Values

  func encode<Value: Encodable>(_ value: Value) throws {
    if try encodeCommon(value) { return }
    let depth = levels.count
    hasWritten = false
    try value.encode(to: JSONWriterEncoder(writer: self))
    close(downTo: depth)
    // A type without members encodes an empty object, as with Foundation.
    if !hasWritten { output.append("{}") }
    hasWritten = true
  }

  /// Encodes the types that need no container of theirs. Arrays of strings and numbers would ask for one per array, and
  /// call through two witness tables per element.
  @inline(__always)
  private func encodeCommon<Value>(_ value: Value) throws -> Bool {
    if Value.self == String.self {
      write(value as! String)
    } else if Value.self == [String].self {
      writeArray(value as! [String]) { write($0) }
    } else if Value.self == [Int].self {
      writeArray(value as! [Int]) { write($0) }
    } else if Value.self == [Double].self, (value as! [Double]).allSatisfy(\.isFinite) {
      try writeArray(value as! [Double]) { try write($0) }
    } else if Value.self == JSONValue.self {
      hasWritten = true
      (value as! JSONValue).write(into: output, options: options)
    } else {
      return false
    }
    return true
  }

  @inline(__always)
  private func writeArray<Element>(_ elements: [Element], _ body: (Element) throws -> Void) rethrows {
    hasWritten = true
    output.append(byte: UInt8(ascii: "["))
    for index in elements.indices {
      if index > 0 { output.append(byte: UInt8(ascii: ",")) }
      try body(elements[index])
    }
    output.append(byte: UInt8(ascii: "]"))
  }

  @inline(__always)
  func writeNil() {
    hasWritten = true
    output.append("null")
  }

  @inline(__always)
  func write(_ value: Bool) {
    hasWritten = true
    if value { output.append("true") } else { output.append("false") }
  }

  @inline(__always)
  func write(_ value: String) {
    hasWritten = true
    output.append(quoted: value)
  }

  @inline(__always)
  func write<Integer: FixedWidthInteger>(_ value: Integer) {
    hasWritten = true
    if let small = Int64(exactly: value) {
      output.append(integer: small)
    } else {
      output.append(text: String(value))
    }
  }

  func write(_ value: Double) throws {
    hasWritten = true
    guard value.isFinite else { throw notANumber(value) }
    output.append(text: ByteOutput.text(of: value))
  }

  func write(_ value: Float) throws {
    hasWritten = true
    guard value.isFinite else { throw notANumber(value) }
    output.append(text: ByteOutput.text(of: value))
  }

  private func notANumber(_ value: some FloatingPoint) -> EncodingError {
    .invalidValue(
      value,
      EncodingError.Context(codingPath: path(to: levels.count), debugDescription: "JSON has no \(value)"))
  }

  /// The keys and indices on the way to a depth.
  func path(to depth: Int) -> [any CodingKey] {
    levels.prefix(depth).map { level in
      level.isObject ? JSONKey(stringValue: level.key) : JSONKey(intValue: max(0, level.count - 1))
    }
  }
}
