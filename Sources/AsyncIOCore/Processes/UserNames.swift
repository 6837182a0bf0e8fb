// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Users and groups of the system by name. It may have to ask a server for them, so call this off the loop's thread.
package enum UserNames {
  /// A user's number and that of its group; nil if there is no such user.
  package static func user(_ name: String) -> (user: UInt32, group: UInt32)? {
    var entry = unsafe passwd()
    return unsafe withRoom { buffer in
      var found: UnsafeMutablePointer<passwd>?
      let result = unsafe getpwnam_r(name, &entry, buffer.baseAddress!, buffer.count, &found)
      return unsafe (result, found.map { unsafe ($0.pointee.pw_uid, $0.pointee.pw_gid) })
    }
  }

  /// A group's number; nil if there is no such group.
  package static func group(_ name: String) -> UInt32? {
    var entry = unsafe Glibc.group()
    return unsafe withRoom { buffer in
      var found: UnsafeMutablePointer<Glibc.group>?
      let result = unsafe getgrnam_r(name, &entry, buffer.baseAddress!, buffer.count, &found)
      return unsafe (result, found.map { unsafe $0.pointee.gr_gid })
    }
  }

  /// Tries with ever more memory: a group may have thousands of members.
  private static func withRoom<Value>(
    _ body: (UnsafeMutableBufferPointer<CChar>) -> (result: Int32, value: Value?)
  ) -> Value? {
    var size = 4096
    while size <= 1 << 24 {
      let (result, value) = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: size) { unsafe body($0) }
      if result != ERANGE { return value }
      size *= 4
    }
    return nil
  }
}
