// SPDX-License-Identifier: Apache-2.0
// Keys that are there twice. Most objects have a few keys, all different: 64 bits tell so with one operation a key.
// Only when two keys share a bit are they compared; an object of many keys gets a set, so that nothing is quadratic.

extension JSONParser {
  /// Up to so many keys are compared in pairs.
  private static var pairwise: Int { 24 }

  /// Marks an object that has a key twice, or throws if the options say so.
  mutating func checkKeys(_ top: UInt32) throws(JSONError) {
    let count = Int(nodes[Int(top)].count)
    guard count > 1 else { return }
    guard let duplicate = count <= Self.pairwise ? duplicateOfFew(top) : duplicateOfMany(top) else { return }
    if options.duplicateKeys == .error {
      let key = JSONText.string(nodes[duplicate], in: bytes)
      throw JSONError(.duplicateKey(key), at: Int(nodes[duplicate].offset) - 1, in: bytes)
    }
    nodes[Int(top)].flag = true
  }

  private func duplicateOfFew(_ top: UInt32) -> Int? {
    var seen: UInt64 = 0
    var index = Int(top) + 1
    while index < nodes.count {
      let key = nodes[index]
      // Escapes give a key other bytes.
      let bit: UInt64
      if key.flag || key.count == 0 {
        bit = 1
      } else {
        let first = UInt64(bytes[Int(key.offset)])
        let last = UInt64(bytes[Int(key.offset) + Int(key.count) - 1])
        bit = 1 << ((first &* 31 &+ last &* 7 &+ UInt64(key.count)) & 63)
      }
      if seen & bit != 0 || seen & 1 != 0 || bit == 1 && seen != 0 {
        if isThere(key, before: index, in: top) { return index }
      }
      seen |= bit
      index = Int(nodes[index + 1].end)
    }
    return nil
  }

  private func isThere(_ key: JSONNode, before end: Int, in top: UInt32) -> Bool {
    var index = Int(top) + 1
    while index < end {
      if JSONText.equal(nodes[index], key, in: bytes) { return true }
      index = Int(nodes[index + 1].end)
    }
    return false
  }

  private func duplicateOfMany(_ top: UInt32) -> Int? {
    var keys: Set<String> = []
    var index = Int(top) + 1
    while index < nodes.count {
      if !keys.insert(JSONText.string(nodes[index], in: bytes)).inserted { return index }
      index = Int(nodes[index + 1].end)
    }
    return nil
  }
}
