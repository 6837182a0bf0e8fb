// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A descriptor with one owner: closed when that lets go of it.
///
/// ```swift
/// let file = try await stream.receiveDescriptor()
/// var byte: UInt8 = 0
/// _ = read(file.number, &byte, 1)  // closed at the end of the scope
/// ```
public struct OwnedDescriptor: ~Copyable, Sendable {
  public let number: Int32

  /// Takes over a descriptor.
  public init(owning number: Int32) { self.number = number }

  /// Gives the descriptor to somebody else to close: to `ByteStream.adopting`, say.
  public consuming func take() -> Int32 {
    let number = number
    discard self
    return number
  }

  deinit { close(number) }
}
