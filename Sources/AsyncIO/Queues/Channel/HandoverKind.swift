// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// The public type that a `Handover` stands behind.
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

  /// The capacity for the bound that the user gave.
  @usableFromInline func capacity(_ size: Int, file: StaticString, line: UInt) -> Int {
    if isChannel {
      require(size >= 0, "Channel.init: capacity is \(size); it must be 0 or more", file: file, line: line)
      return size
    }
    require(
      size >= 0, "\(typeName).init: maxSize is \(size); it must be 0 (for any number) or more", file: file,
      line: line)
    return size == 0 ? .max : size
  }
}
