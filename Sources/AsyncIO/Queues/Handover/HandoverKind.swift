// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// What users know a `Handover` as.
@usableFromInline enum HandoverKind: Sendable {
  case queue(String)
  case channel

  var typeName: String {
    switch self {
    case .queue(let name): name
    case .channel: "Channel"
    }
  }

  private var isChannel: Bool { if case .channel = self { true } else { false } }

  var nameOfPut: WaitReason.StaticName { isChannel ? "send" : "put" }

  var nameOfGet: WaitReason.StaticName { isChannel ? "receive" : "get" }

  /// How many items there is room for, from what the user has said.
  @usableFromInline func capacity(_ size: Int, file: StaticString, line: UInt) -> Int {
    if isChannel {
      require(size >= 0, "Channel.init: capacity is \(size); it is 0 or more", file: file, line: line)
      return size
    }
    require(
      size >= 0, "\(typeName).init: maxSize is \(size); it is 0, for any number of items, or more", file: file,
      line: line)
    return size == 0 ? .max : size
  }
}
