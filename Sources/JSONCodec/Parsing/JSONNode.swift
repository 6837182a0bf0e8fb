// SPDX-License-Identifier: Apache-2.0
// The tape. A document becomes a flat list of nodes in the order of its text: no object for a value, no string for a
// key. A node of 16 bytes says where its text is and where its subtree ends, so that a value is skipped in one step. In
// an object keys and values take turns.

/// A value, or a key, on the tape.
struct JSONNode {
  enum Kind: UInt8 {
    case null, `true`, `false`, number, string, array, object
  }

  var kind: Kind
  /// Of a string: whether it has escapes. Of a number: whether it is an integer. Of an object: whether a key is there
  /// twice.
  var flag: Bool
  /// Where the text begins: of a string behind its quote.
  var offset: UInt32
  /// The length of the text in bytes; of an array the number of its elements, of an object that of its keys.
  var count: UInt32
  /// The index of the node behind the subtree.
  var end: UInt32
}
