// SPDX-License-Identifier: Apache-2.0

/// JSON of any shape.
///
/// ```swift
/// let value = try JSONValue(parsing: Array(#"{"user": {"tags": ["a", "b"]}}"#.utf8))
/// assert(value["user"]?["tags"]?[1]?.string == "b")
/// let made: JSONValue = ["id": 1, "tags": ["x"], "parent": nil]
/// assert(made.description == #"{"id":1,"tags":["x"],"parent":null}"#)
/// ```
public enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case number(JSONNumber)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

  /// The value of JSON in UTF-8.
  ///
  /// - Throws: `JSONError`.
  public init(parsing bytes: [UInt8], options: JSONDecodingOptions = .init()) throws(JSONError) {
    let document = try bytes.span.withUnsafeBytes { (memory) throws(JSONError) in
      let document = try JSONDocument(memory, options: options)
      defer { document.close() }
      return document.value(at: 0)
    }
    self = document
  }

  /// The value under a key of an object; nil without such a key, or if this is not an object.
  public subscript(key: String) -> JSONValue? {
    if case .object(let object) = self { object[key] } else { nil }
  }

  /// The element of an array; nil beyond its end, or if this is not an array.
  public subscript(index: Int) -> JSONValue? {
    if case .array(let elements) = self, elements.indices ~= index { elements[index] } else { nil }
  }

  /// The boolean, if it is one.
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  /// The integer, if it is one that fits.
  public var int: Int? { if case .number(let number) = self { number.integer() } else { nil } }
  /// The nearest double of a number.
  public var double: Double? { if case .number(let number) = self { number.double } else { nil } }
  /// The string, if it is one.
  public var string: String? { if case .string(let value) = self { value } else { nil } }
  /// The elements, if it is an array.
  public var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
  /// The object, if it is one.
  public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }
  /// Whether it is null.
  public var isNull: Bool { self == .null }
}

/// The members of a JSON object in their order. Two objects are equal if they have the same keys with the same values.
public struct JSONObject: Hashable, Sendable, Sequence {
  private var members: [(key: String, value: JSONValue)] = []
  /// Where each key stands, from a size on at which a search takes longer.
  private var places: [String: Int]?
  private static let indexed = 16

  /// No members.
  public init() {}

  /// The number of members.
  public var count: Int { members.count }
  /// The keys in their order.
  public var keys: [String] { members.map(\.key) }
  /// Pulls the members in their order.
  public func makeIterator() -> IndexingIterator<[(key: String, value: JSONValue)]> { members.makeIterator() }

  /// The value under a key. A new key stands behind the others; nil takes a member away.
  public subscript(key: String) -> JSONValue? {
    get { place(of: key).map { members[$0].value } }
    set {
      switch (place(of: key), newValue) {
      case (let place?, let value?): members[place].value = value
      case (let place?, nil):
        members.remove(at: place)
        places = nil
        if members.count > Self.indexed { index() }
      case (nil, let value?):
        members.append((key, value))
        if places != nil { places?[key] = members.count - 1 } else if members.count > Self.indexed { index() }
      case (nil, nil): break
      }
    }
  }

  private func place(of key: String) -> Int? {
    // By code points, as JSON compares; Swift's == takes a precomposed letter for the same as a composed one.
    if let places { return places[key].flatMap { Self.same(members[$0].key, key) ? $0 : search(key) } }
    return search(key)
  }

  private func search(_ key: String) -> Int? { members.firstIndex { Self.same($0.key, key) } }

  private static func same(_ left: String, _ right: String) -> Bool { left.utf8.elementsEqual(right.utf8) }

  private mutating func index() {
    places = Dictionary(members.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { first, _ in first })
  }

  public static func == (left: JSONObject, right: JSONObject) -> Bool {
    left.count == right.count && left.members.allSatisfy { right[$0.key] == $0.value }
  }

  public func hash(into hasher: inout Hasher) {
    // Without the order, which doesn't count.
    var sum = 0
    for member in members {
      var own = Hasher()
      own.combine(Array(member.key.utf8))
      own.combine(member.value)
      sum ^= own.finalize()
    }
    hasher.combine(sum)
  }
}

extension JSONDocument {
  /// The value of a node. Depth is limited by the parser, so recursion is bounded.
  func value(at index: Int) -> JSONValue {
    let node = nodes[index]
    switch node.kind {
    case .null: return .null
    case .true: return .bool(true)
    case .false: return .bool(false)
    case .number: return .number(JSONNumber(checked: text(of: node)))
    case .string: return .string(JSONText.string(node, in: bytes))
    case .array:
      var elements: [JSONValue] = []
      elements.reserveCapacity(Int(node.count))
      var next = index + 1
      while next < Int(node.end) {
        elements.append(value(at: next))
        next = Int(nodes[next].end)
      }
      return .array(elements)
    case .object:
      var object = JSONObject()
      var next = index + 1
      while next < Int(node.end) {
        let key = JSONText.string(nodes[next], in: bytes)
        // Of a key that is there twice the first one counts.
        if !node.flag || object[key] == nil { object[key] = value(at: next + 1) }
        next = Int(nodes[next + 1].end)
      }
      return .object(object)
    }
  }
}
