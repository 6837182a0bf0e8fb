// SPDX-License-Identifier: Apache-2.0

/// The exit status of `aio`, with the numbers of sysexits(3) where it has them.
enum ExitStatus: Int32 {
  /// Some pages or the demonstration failed.
  case failed = 1
  /// The command line is wrong (EX_USAGE).
  case usage = 64
  /// An input file can't be read (EX_NOINPUT).
  case noInput = 66
  /// The output folder can't be made or written to (EX_CANTCREAT).
  case cannotCreate = 73
  /// Standard output can't be written to (EX_IOERR).
  case outputLost = 74
  /// Ctrl-C.
  case interrupted = 130
}

/// Ends a command.
struct CommandFailure: Error {
  let status: ExitStatus
  /// The message to print; nil if everything was reported before.
  let message: String?

  init(_ status: ExitStatus, _ message: String? = nil) {
    self.status = status
    self.message = message
  }
}
