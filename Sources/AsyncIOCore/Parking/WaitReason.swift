// SPDX-License-Identifier: Apache-2.0

/// What a parked task waits for, as a report shows it: `receive` on `127.0.0.1:8080`.
///
/// It is filled for every wait, so it holds words that exist already: a static string for what kind of wait it is, and
/// an object to ask for a description only when somebody wants to read it.
package struct WaitReason: CustomStringConvertible {
  package let operation: StaticString
  /// What is waited on. Unretained while parked: the waiting task keeps it alive.
  package unowned(unsafe) let object: (any WaitObject)?

  package init(_ operation: StaticString, on object: (any WaitObject)? = nil) {
    self.operation = operation
    unsafe self.object = object
  }

  static var unnamed: WaitReason { WaitReason("wait") }

  package var description: String {
    if let object = unsafe object { return "\(operation) \(object.waitDescription)" }
    return "\(operation)"
  }
}

/// Something a task can wait on that can say what it is.
package protocol WaitObject: AnyObject {
  var waitDescription: String { get }
}
