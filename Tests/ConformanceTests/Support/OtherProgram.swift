// SPDX-License-Identifier: Apache-2.0
// Another implementation's program, started for a test without Foundation. A child of its `Process` gets the signal
// mask of the thread that starts it. Threads of pools and loops block everything, and socat waits for its own children
// by signals.

import AsyncIO
import Dispatch
import Glibc

/// Another implementation's program; the test ends it by its process id.
final class OtherProgram: @unchecked Sendable {
  // Sendable: only `hasEnded` changes, by the one task of the test that ends it.
  private let id: pid_t
  private let output: Int32
  private var hasEnded = false

  /// - Returns: Nil if the machine doesn't have it.
  init?(_ name: String, _ arguments: [String]) throws {
    let folders = ["/usr/bin", "/usr/local/bin", "/bin", "/usr/sbin"]
    guard let folder = folders.first(where: { access("\($0)/\(name)", X_OK) == 0 }) else {
      print("\(name) is not here: no exchange with it")
      return nil
    }
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw SystemError("pipe", code: .init(rawValue: errno)) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var texts = ([name] + arguments).map { strdup($0) } + [nil]
    defer { for text in texts { free(text) } }
    var id: pid_t = 0
    let code = posix_spawn(&id, "\(folder)/\(name)", &actions, &attributes, &texts, environ)
    close(ends[1])
    if code != 0 {
      close(ends[0])
      throw SystemError("posix_spawn", name, code: .init(rawValue: code))
    }
    self.id = id
    output = ends[0]
  }

  deinit {
    end()
    close(output)
  }

  /// The next line of its output, without the newline; empty if it has ended. Read on a thread of Dispatch.
  func line() async -> String {
    let output = output
    return await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while read(output, &byte, 1) == 1 && byte != UInt8(ascii: "\n") { line.append(byte) }
        continuation.resume(returning: String(decoding: line, as: UTF8.self))
      }
    }
  }

  /// Whether it has not ended by itself.
  var isRunning: Bool {
    var status: Int32 = 0
    if !hasEnded && waitpid(id, &status, WNOHANG) == id { hasEnded = true }
    return !hasEnded
  }

  func end() {
    if hasEnded { return }
    hasEnded = true
    kill(id, SIGTERM)
    var status: Int32 = 0
    while waitpid(id, &status, 0) < 0 && errno == EINTR {}
  }
}
