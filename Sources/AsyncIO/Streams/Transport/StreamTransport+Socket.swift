// SPDX-License-Identifier: Apache-2.0
// What a stream says about its socket, and where an error was met.

import AsyncIOCore
import Glibc

extension StreamTransport {
  /// The socket's descriptor, while it has one.
  ///
  /// - Parameter operation: For the error.
  func socketNumber(_ operation: String) throws -> Int32 {
    guard state.phase != .closed else {
      throw SystemError(operation, "\(waitDescription), which is closed", code: SystemError.Code(rawValue: EBADF))
    }
    guard isSocket else { throw SystemError(operation, waitDescription, code: .notASocket) }
    return number
  }

  var peerCredentials: PeerCredentials? {
    guard isSocket, state.phase != .closed, loop.backend.kind != .virtual, peer?.family == .unix,
      let credentials = SystemCall.peerCredentials(of: number)
    else { return nil }
    return PeerCredentials(
      processID: credentials.process, userID: credentials.user, groupID: credentials.group)
  }

  // MARK: - Errors

  /// Where an error is met. Made only for an error: a description of the peer costs a system call and an allocation.
  @inline(never)
  func place(_ call: StaticString) -> String { "\(call) \(waitDescription)" }

  /// An error of no system call, with the call that meets it.
  @inline(never)
  package func named(_ error: any Error, _ call: StaticString) -> any Error {
    guard let error = error as? StreamError, error.place.isEmpty else { return error }
    // Names its peer by itself.
    if case .noProgress = error.reason { return error }
    return StreamError(error.reason, place: place(call))
  }
}
