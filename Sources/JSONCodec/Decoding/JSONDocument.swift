// SPDX-License-Identifier: Apache-2.0
// A document during a decode. Its memory is lent for one call, but `init(from:)` might keep its decoder. So every
// access asks whether the document is still open: a kept decoder traps with a sentence, and never reads freed memory.
//
// No container stores its coding path: most are never asked. The tape knows the way from the root to each node.

final class JSONDocument {
  private var memory: UnsafeRawBufferPointer?
  let nodes: [JSONNode]
  let options: JSONDecodingOptions

  init(_ bytes: UnsafeRawBufferPointer, options: JSONDecodingOptions) throws(JSONError) {
    nodes = try JSONParser.parse(bytes, options: options)
    memory = bytes
    self.options = options
  }

  /// Ends the loan of the memory.
  func close() { memory = nil }

  @inline(__always)
  var bytes: UnsafeRawBufferPointer {
    guard let memory else { fatalError("a JSON decoder was used after its decode had ended") }
    return memory
  }

  // MARK: - Values

  func decode<Value: Decodable>(_ type: Value.Type, at index: Int) throws -> Value {
    if type == String.self { return try string(at: index) as! Value }
    if type == JSONValue.self { return value(at: index) as! Value }
    // Arrays of strings and numbers would ask for a container each, and call through two witness tables per element.
    if type == [String].self { return try array(at: index, string) as! Value }
    if type == [Int].self { return try array(at: index) { try integer(at: $0, as: Int.self) } as! Value }
    if type == [Double].self { return try array(at: index, double) as! Value }
    return try Value(from: JSONNodeDecoder(document: self, index: index))
  }

  private func array<Element>(at index: Int, _ element: (Int) throws -> Element) throws -> [Element] {
    let node = nodes[index]
    guard node.kind == .array else { throw mismatch([Any].self, at: index) }
    var elements: [Element] = []
    elements.reserveCapacity(Int(node.count))
    var next = index + 1
    while next < Int(node.end) {
      elements.append(try element(next))
      next = Int(nodes[next].end)
    }
    return elements
  }

  @inline(__always)
  func isNull(at index: Int) -> Bool { nodes[index].kind == .null }

  @inline(__always)
  func bool(at index: Int) throws -> Bool {
    switch nodes[index].kind {
    case .true: true
    case .false: false
    default: throw mismatch(Bool.self, at: index)
    }
  }

  @inline(__always)
  func string(at index: Int) throws -> String {
    let node = nodes[index]
    guard node.kind == .string else { throw mismatch(String.self, at: index) }
    return JSONText.string(node, in: bytes)
  }

  @inline(__always)
  func integer<Integer: FixedWidthInteger>(at index: Int, as type: Integer.Type) throws -> Integer {
    let node = nodes[index]
    guard node.kind == .number else { throw mismatch(type, at: index) }
    if node.flag, let value = NumberText.integer(bytes, Int(node.offset), Int(node.count), as: type) { return value }
    if !node.flag, let value = NumberText.integerOfDecimal(bytes, Int(node.offset), Int(node.count), as: type) {
      return value
    }
    throw corrupted("the number \(text(of: node)) is not a value of \(type)", at: index)
  }

  func double(at index: Int) throws -> Double {
    let node = nodes[index]
    guard node.kind == .number else { throw mismatch(Double.self, at: index) }
    guard let value = NumberText.double(bytes, Int(node.offset), Int(node.count)) else {
      throw corrupted("the number \(text(of: node)) is beyond a Double", at: index)
    }
    return value
  }

  func float(at index: Int) throws -> Float {
    let node = nodes[index]
    guard node.kind == .number else { throw mismatch(Float.self, at: index) }
    // By way of a Double it would be rounded twice.
    guard let value = Float(text(of: node)), value.isFinite else {
      throw corrupted("the number \(text(of: node)) is beyond a Float", at: index)
    }
    return value
  }

  func text(of node: JSONNode) -> String {
    String(
      decoding: UnsafeRawBufferPointer(rebasing: bytes[Int(node.offset)..<Int(node.offset) + Int(node.count)]),
      as: UTF8.self)
  }

  // MARK: - Objects

  /// The node of the value under a key, looked for from `hint` on, then from the first key. -1 if it is not there.
  ///
  /// - Parameter hint: The key's node behind the one found last; types decode their keys in the order of encoding.
  @inline(__always)
  func find(_ key: String, in object: Int, hint: inout Int) -> Int {
    let node = nodes[object]
    let end = Int(node.end)
    // Of a key that is there twice the first one counts.
    if node.flag { hint = object + 1 }
    var key = key
    return key.withUTF8 { name in
      let bytes = bytes
      let start = hint
      var index = start
      while index < end {
        let next = Int(nodes[index + 1].end)
        if JSONText.equal(nodes[index], name, in: bytes) {
          hint = next
          return index + 1
        }
        index = next
      }
      index = object + 1
      while index < start {
        let next = Int(nodes[index + 1].end)
        if JSONText.equal(nodes[index], name, in: bytes) {
          hint = next
          return index + 1
        }
        index = next
      }
      return -1
    }
  }

  /// The keys of an object in their order, each once.
  func keys(of object: Int) -> [String] {
    var keys: [String] = []
    var index = object + 1
    while index < Int(nodes[object].end) {
      keys.append(JSONText.string(nodes[index], in: bytes))
      index = Int(nodes[index + 1].end)
    }
    guard nodes[object].flag else { return keys }
    var seen: Set<String> = []
    return keys.filter { seen.insert($0).inserted }
  }
}
