// SPDX-License-Identifier: Apache-2.0

/// What a suspended task waits for, as a report shows it: `receive from` `127.0.0.1:8080`.
///
/// It is filled for every wait and kept for as long, a hundred thousand times over if need be: so it is one word for
/// the operation's name, and an object to ask for a description only when somebody wants to read it.
package struct WaitReason: CustomStringConvertible, @unchecked Sendable {
  // Sendable: both parts are set once, and the object is asked on the thread of the loop that the task waits on.
  private let name: StaticName
  /// What is waited on. Unretained: the waiting task keeps it alive.
  private unowned(unsafe) let object: (any WaitObject)?

  package init(_ operation: StaticName, on object: (any WaitObject)? = nil) {
    name = operation
    unsafe self.object = object
  }

  static var unnamed: WaitReason { WaitReason("wait") }

  package var description: String {
    if let object = unsafe object { return "\(name) \(object.waitDescription)" }
    return "\(name)"
  }

  /// A name that is written in the source: the address of its bytes, which end in a zero.
  ///
  /// `@safe`: the address stays good for as long as the program runs.
  @safe package struct StaticName: ExpressibleByStringLiteral, CustomStringConvertible {
    private let start: UnsafePointer<UInt8>

    package init(stringLiteral name: StaticString) {
      // Safety: a string literal's bytes are part of the program and end in a zero.
      unsafe start = name.utf8Start
    }

    package var description: String { unsafe String(cString: start) }
  }
}

/// Something a task can wait on that can say what it is.
package protocol WaitObject: AnyObject {
  var waitDescription: String { get }
}

/// One that somebody has to close; for the reports of tests.
package protocol LeftOpen: WaitObject {
  /// What it is and where it was made; nil once it is closed.
  var leftOpen: String? { get }
}
