// SPDX-License-Identifier: Apache-2.0

/// What a suspended task waits for, in the form of reports: `receive from` `127.0.0.1:8080`.
///
/// Every wait fills one and keeps it, up to a hundred thousand at once. So it is one word for the operation's name, and
/// an object that is asked for a description only when a report needs it.
package struct WaitReason: CustomStringConvertible, @unchecked Sendable {
  // Sendable: both parts are set once, and the object is asked on the thread of the loop that the task waits on.
  private let name: StaticName
  /// The object of the wait, unretained: the waiting task keeps it alive.
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

  /// The description; nil without an object.
  var describedObject: String? { unsafe object == nil ? nil : description }

  /// A name written in the source: the address of its bytes, which end in a zero.
  ///
  /// `@safe`: the address is valid as long as the program runs.
  @safe package struct StaticName: ExpressibleByStringLiteral, CustomStringConvertible, @unchecked Sendable {
    // Sendable: nobody writes to the bytes of a literal.
    private let start: UnsafePointer<UInt8>

    package init(stringLiteral name: StaticString) {
      // Safety: a string literal's bytes are part of the program and end in a zero.
      unsafe start = name.utf8Start
    }

    package var description: String { unsafe String(cString: start) }
  }
}

/// An object that tasks can wait on, with a description.
package protocol WaitObject: AnyObject {
  var waitDescription: String { get }
}

/// A wait object that the program has to close; for the reports of tests.
package protocol LeftOpen: WaitObject {
  /// A description with the place where it was made; nil once it is closed.
  var leftOpen: String? { get }
}
