// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import TestSupport

extension BackendKind {
  /// One suite for every backend: the abstraction is real only if code above it can't tell the backends apart.
  static let conforming = all

  /// The backends on a real kernel, where descriptors are the process's.
  static let ofAKernel = real

  /// A loopback address on which no other test listens. A closed port soon belongs to another server, and a test that
  /// expects no listener would find that one.
  func ownHost(_ number: Int) -> String {
    switch self {
    case .ioUring: "127.44.1.\(number)"
    case .epoll: "127.44.2.\(number)"
    case .virtual: "127.0.0.1"
    }
  }
}
