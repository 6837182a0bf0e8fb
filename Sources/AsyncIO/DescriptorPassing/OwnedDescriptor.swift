// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A descriptor with one owner: closed when the owner releases it.
///
/// ```swift
/// let file = try await stream.receiveDescriptor()
/// var byte: UInt8 = 0
/// _ = read(file.number, &byte, 1)  // closed at the end of the scope
/// ```
public struct OwnedDescriptor: ~Copyable, Sendable {
  /// The descriptor's number, which stays this value's to close.
  public let number: Int32

  /// Takes over a descriptor.
  public init(owning number: Int32) { self.number = number }

  /// Hands the descriptor to another owner, which closes it: to `ByteStream.adopting`, for example.
  public consuming func take() -> Int32 {
    let number = number
    discard self
    return number
  }

  deinit { close(number) }
}
