// SPDX-License-Identifier: Apache-2.0

/// A key of an object, or an index of an array.
struct JSONKey: CodingKey {
  let stringValue: String
  let intValue: Int?

  init(stringValue: String) {
    self.stringValue = stringValue
    intValue = nil
  }

  init(intValue: Int) {
    stringValue = "Index \(intValue)"
    self.intValue = intValue
  }

  static let `super` = JSONKey(stringValue: "super")
}

extension JSONDocument {
  /// The keys and indices from the root to a node, found by walking down the tape.
  func path(to target: Int) -> [any CodingKey] {
    var path: [any CodingKey] = []
    var container = 0
    while container != target {
      let isObject = nodes[container].kind == .object
      var index = container + 1
      var position = 0
      while true {
        guard index < Int(nodes[container].end) else { return path }
        let value = isObject ? index + 1 : index
        if value <= target && target < Int(nodes[value].end) || index == target {
          path.append(
            isObject ? JSONKey(stringValue: JSONText.string(nodes[index], in: bytes)) : JSONKey(intValue: position))
          container = index == target ? target : value
          break
        }
        index = Int(nodes[value].end)
        position += 1
      }
    }
    return path
  }

  func mismatch(_ type: Any.Type, at index: Int) -> DecodingError {
    let found = name(of: nodes[index].kind)
    let text = "expected \(type), found \(found)"
    if nodes[index].kind == .null {
      return .valueNotFound(type, DecodingError.Context(codingPath: path(to: index), debugDescription: text))
    }
    return .typeMismatch(type, DecodingError.Context(codingPath: path(to: index), debugDescription: text))
  }

  func corrupted(_ text: String, at index: Int) -> DecodingError {
    .dataCorrupted(DecodingError.Context(codingPath: path(to: index), debugDescription: text))
  }

  private func name(of kind: JSONNode.Kind) -> String {
    switch kind {
    case .null: "null"
    case .true, .false: "a boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}
