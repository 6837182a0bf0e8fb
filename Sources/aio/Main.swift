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
