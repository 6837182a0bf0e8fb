// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// A failed system call: the operation, its object, and the reason.
///
/// Its description is one line: `connect 127.0.0.1:9: connection refused (ECONNREFUSED)`.
///
/// ```swift
/// do {
///   _ = try await openConnection(host: "127.0.0.1", port: 9)
/// } catch let error as SystemError where error.code == .connectionRefused {
///   print(error)
/// }
/// ```
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
  /// An errno.
  public struct Code: RawRepresentable, Hashable, Sendable {
    /// The number of the errno.
    public let rawValue: Int32

    /// A code by its number.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    public static let connectionRefused = Code(rawValue: ECONNREFUSED)
    public static let connectionReset = Code(rawValue: ECONNRESET)
    public static let brokenPipe = Code(rawValue: EPIPE)
    public static let timedOut = Code(rawValue: ETIMEDOUT)
    public static let addressInUse = Code(rawValue: EADDRINUSE)
    public static let tooManyOpenFiles = Code(rawValue: EMFILE)
    public static let canceled = Code(rawValue: ECANCELED)
    public static let addressFamilyNotSupported = Code(rawValue: EAFNOSUPPORT)
    public static let tryAgain = Code(rawValue: EAGAIN)
    public static let interrupted = Code(rawValue: EINTR)
    public static let noSuchFile = Code(rawValue: ENOENT)
    public static let nameTooLong = Code(rawValue: ENAMETOOLONG)
    public static let notASocket = Code(rawValue: ENOTSOCK)
    public static let invalidArgument = Code(rawValue: EINVAL)
    public static let noBufferSpace = Code(rawValue: ENOBUFS)
    public static let wrongType = Code(rawValue: EPROTOTYPE)
    public static let messageTooLong = Code(rawValue: EMSGSIZE)
    public static let hostUnreachable = Code(rawValue: EHOSTUNREACH)
    public static let networkUnreachable = Code(rawValue: ENETUNREACH)
    public static let notSupported = Code(rawValue: EOPNOTSUPP)
    public static let notPermitted = Code(rawValue: EPERM)
    public static let inProgress = Code(rawValue: EINPROGRESS)
    public static let noSuchProcess = Code(rawValue: ESRCH)
    public static let permissionDenied = Code(rawValue: EACCES)
    public static let execFormatError = Code(rawValue: ENOEXEC)
    public static let ioError = Code(rawValue: EIO)
    public static let connectionAborted = Code(rawValue: ECONNABORTED)

    /// The kernel's name of the error: `ECONNREFUSED`.
    public var name: String {
      guard let name = unsafe strerrorname_np(rawValue) else { return "errno \(rawValue)" }
      return unsafe String(cString: name)
    }

    /// The kernel's explanation, to use within a sentence: `connection refused`.
    public var explanation: String {
      guard let text = unsafe strerrordesc_np(rawValue) else { return "unknown error" }
      let explanation = unsafe String(cString: text)
      return explanation.prefix(1).lowercased() + explanation.dropFirst()
    }
  }

  /// The reason.
  public let code: Code
  /// The operation, named by its system call.
  public let operation: String
  /// The object of the operation: an address, a path; may be empty.
  public let object: String

  /// An error of an operation on an object.
  public init(_ operation: String, _ object: String = "", code: Code) {
    self.operation = operation
    self.object = object
    self.code = code
  }

  /// An error from a completion's result, a negative errno.
  package init(_ operation: String, _ object: String = "", result: some SignedInteger) {
    self.init(operation, object, code: Code(rawValue: Int32(-result)))
  }

  /// One line: the operation, the object and the reason.
  public var description: String {
    "\(operation)\(object.isEmpty ? "" : " " + object): \(code.explanation) (\(code.name))"
  }
}
