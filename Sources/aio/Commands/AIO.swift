// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct AIO: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "aio",
    abstract: "Fetches pages, and shows what the event loop does.",
    discussion: """
      AIO_BACKEND=epoll or AIO_BACKEND=io_uring forces a backend; without it the loop takes the best there is.
      """,
    version: "0.1.0",
    subcommands: [FetchCommand.self, DemoCommand.self])
}
