// SPDX-License-Identifier: Apache-2.0
// What a system has of child processes: a part of a backend beside its sockets.
//
// A child is known by a descriptor of the process itself (pidfd_open(2)), which is readable as soon as the process has
// ended. So the wait for its end is a poll like any other. There is no handler for SIGCHLD, which belongs to the whole
// process, and no thread for each child. A signal goes by the descriptor as well: it can't reach another process that
// got the number. io_uring has an operation that waits for a child (waitid, Linux 6.7). It isn't used: it reports no
// use of resources, and one that was cancelled too late has taken the status.
//
// A process group has no descriptor. Its number stays the group's as long as its leader was not reaped.

package protocol Processes: AnyObject {
  /// Starts a program. The descriptors in the plan are still to be closed, by `handedOver` or otherwise.
  ///
  /// - Throws: `SystemError` that names the program and the step that failed. Then nothing is left of the child.
  func start(_ plan: ProcessPlan) throws -> StartedProcess

  /// A pipe, one of whose ends is for a child.
  func makePipe(childReads: Bool) throws -> (ours: Int32, theirs: Int32)

  /// A pseudo-terminal: the side of this process, and the one for a child.
  func openTerminal(_ size: TerminalSize) throws -> (ours: Int32, theirs: Int32)

  /// Changes the size of a pseudo-terminal by its own side: 0 or a negative errno.
  func setSize(_ size: TerminalSize, ofTerminal descriptor: Int32) -> Int32

  /// A file for a child's standard stream.
  func open(_ path: String, _ access: StandardFileAccess) throws -> Int32

  /// A child has its own copy of this descriptor now.
  func handedOver(_ descriptor: Int32)

  /// How a child has ended; nil while it runs.
  ///
  /// - Parameter reaps: Whether its number may be given to another process now.
  func exit(of descriptor: Int32, reaps: Bool) -> ExitStatus?

  /// Sends a signal to a child: 0, or a negative errno, ESRCH if it has ended.
  func send(_ signal: Signal, to descriptor: Int32) -> Int32

  /// Sends a signal to the group of a child that leads one and was not reaped.
  func send(_ signal: Signal, toGroup id: Int32)

  /// Ends a child that nobody will wait for, without blocking.
  func abandon(_ descriptor: Int32)
}

package struct StartedProcess {
  package let id: Int32
  /// Readable when the process has ended. The caller's.
  package let descriptor: Int32

  package init(id: Int32, descriptor: Int32) {
    self.id = id
    self.descriptor = descriptor
  }
}

package enum StandardFileAccess {
  case reading
  /// What was in the file is gone.
  case writing
  case appending
}
