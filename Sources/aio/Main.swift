// SPDX-License-Identifier: Apache-2.0
// The door of the command line tool. Whatever goes wrong ends here, as one line on standard error that starts with
// `aio: `, and as an exit status of sysexits(3) where that has one.

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

  /// Tells the error, if there is anything to tell, and returns the exit status.
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
