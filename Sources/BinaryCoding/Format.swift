// SPDX-License-Identifier: Apache-2.0
// A compact binary form of Codable values, for two ends that run the same program. So it has no version, and a type
// says by its `Codable` code what follows. It does hold names of keys, each once a message, because a type may read its
// keys in another order than it writes them, or leave some out.
//
//   value   =  0x80 + n                    an integer from 0 to 127
//           |  null | false | true
//           |  integer  zigzag varint      | unsigned  varint     | wide  16 bytes
//           |  float    4 bytes            | double   8 bytes
//           |  text     length, UTF-8      | bytes    length, bytes
//           |  list     value... end
//           |  record   (key value)... 0
//   key     =  varint of 2 * (number + 1), or of that plus 1 with length and UTF-8 of a name after it
//   length  =  varint
//
// A name's number is that of the names before it. So a reader that skips a value, and reads it later, meets the same
// definition twice, and compares. Integers are little-endian.

enum Tag {
  static let null: UInt8 = 0
  static let no: UInt8 = 1
  static let yes: UInt8 = 2
  static let integer: UInt8 = 3
  static let unsigned: UInt8 = 4
  static let float: UInt8 = 5
  static let double: UInt8 = 6
  static let text: UInt8 = 7
  static let bytes: UInt8 = 8
  static let list: UInt8 = 9
  static let record: UInt8 = 10
  static let end: UInt8 = 11
  static let wide: UInt8 = 12
  /// In the place of a key.
  static let endOfRecord: UInt8 = 0
  static let small: UInt8 = 0x80
}

/// How deep values may be nested; deeper ones are errors, and not the end of the stack.
let depthLimit = 200

/// A key of a place within a list, for errors.
struct IndexKey: CodingKey {
  let intValue: Int?
  let stringValue: String

  init(_ index: Int) {
    intValue = index
    stringValue = "\(index)"
  }

  init?(intValue: Int) { self.init(intValue) }
  init?(stringValue: String) { return nil }
}

/// The key of a superclass's part.
struct SuperKey: CodingKey {
  var intValue: Int? { nil }
  var stringValue: String { "super" }

  init() {}
  init?(intValue: Int) { return nil }
  init?(stringValue: String) { return nil }
}
