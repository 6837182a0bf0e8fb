// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import Glibc

extension RunScenarios {
  /// Look-ups that are unanswered, cancelled or refused leave no descriptor open.
  static func nameDescriptors() throws {
    try EventLoop.run {
      let silent = try await DatagramSocket.bind(host: "127.0.0.1", port: 0)
      let gone = try await DatagramSocket.bind(host: "127.0.0.1", port: 0)
      gone.close()
      try await gone.waitClosed()
      var configuration = ResolverConfiguration(servers: [gone.localAddress, silent.localAddress])
      configuration.timeout = .milliseconds(20)
      configuration.attempts = 1
      let resolver = Resolver.stub(configuration)
      _ = try? await resolve("warm-up.example", port: 1, using: resolver)
      let idle = EventLoop.current.statistics.operationsInFlight
      while EventLoop.current.statistics.operationsInFlight > idle { try await sleep(.milliseconds(1)) }
      let before = openDescriptors()
      let tasks = (0..<300).map { number in
        createTask { try await resolve("\(number / 2).example", port: 1, using: resolver) }
      }
      try await sleep(.milliseconds(5))
      for (number, task) in tasks.enumerated() where number % 3 != 0 { task.cancel() }
      var timedOut = 0
      for task in tasks {
        do { _ = try await task.value } catch is NameError { timedOut += 1 } catch is CancellationError {}
      }
      while EventLoop.current.statistics.operationsInFlight > idle { try await sleep(.milliseconds(1)) }
      say("\(timedOut) had no answer, \(openDescriptors() - before) descriptors more")
      silent.close()
    }
  }

  private static func openDescriptors() -> Int {
    guard let folder = opendir("/proc/self/fd") else { return 0 }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    return count
  }
}
