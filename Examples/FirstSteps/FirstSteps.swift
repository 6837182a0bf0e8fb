// SPDX-License-Identifier: Apache-2.0
// `first-steps NAME` runs one of the programs in this folder, each a file, with its Python beside it. As a separate
// program each would only need `EventLoop.runMain { try await helloWorld() }` in its main.
//
// `first-steps NAME --virtual-time` runs the program in virtual time: its sleeps take none.

import AsyncIO
import AsyncIOTesting
import Glibc

@main struct FirstSteps {
  static let programs: [(name: String, main: @MainActor () async throws -> Void)] = [
    ("hello-world", helloWorld),
    ("before-after", beforeAfter),
    ("price-plus-tax", pricePlusTax),
    ("three-downloads", threeDownloads),
    ("text-then-images", textThenImages),
    ("countdown", countdown),
    ("producer-consumer", producerConsumer),
    ("periodic-tick", periodicTick),
    ("shop-search", shopSearch),
  ]

  static func main() {
    let words = CommandLine.arguments.dropFirst()
    guard let program = programs.first(where: { $0.name == words.first }) else {
      print("usage: first-steps NAME [--virtual-time]; a name is", programs.map(\.name).joined(separator: ", "))
      exit(64)
    }
    EventLoop.runMain {
      if words.contains("--virtual-time") {
        try await withVirtualTime { try await program.main() }
      } else {
        try await program.main()
      }
    }
  }
}
