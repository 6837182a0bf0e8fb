// SPDX-License-Identifier: Apache-2.0
// The entry point of the command line tool. Every failure ends here, as one line on standard error that starts with
// `aio: `, and as an exit status, one of sysexits(3) where that has one.

import AsyncIO
import Glibc

@main enum Main {
  static func main() {
    Terminal.occupyClosedDescriptors()
    var status: Int32 = 0
    do {
      try AIO.run(Array(CommandLine.arguments.dropFirst()))
    } catch {
      status = report(error)
    }
    if let failure = Terminal.outputFailure { status = report(failure) }
    exit(status)
  }

  /// Prints the error, unless it was reported before, and returns the exit status.
  private static func report(_ error: any Error) -> Int32 {
    switch error {
    case let failure as CommandFailure:
      if let message = failure.message { Terminal.complain(message) }
      return failure.status.rawValue
    case EventLoopError.interrupted:
      return ExitStatus.interrupted.rawValue
    case EventLoopError.unknownBackend, EventLoopError.backendUnavailable:
      Terminal.complain("\(error)")
      return ExitStatus.usage.rawValue
    default:
      Terminal.complain("\(error)")
      return ExitStatus.failed.rawValue
    }
  }
}

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
