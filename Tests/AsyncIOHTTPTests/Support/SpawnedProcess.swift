// SPDX-License-Identifier: Apache-2.0
// A child process that runs long beside other tests, started without Foundation. With Foundation's `Process`, a child
// inherits the pipes of all other children, which then never end while it runs. It also inherits the signal mask of the
// thread that starts it, which blocks SIGTERM on the threads of pools and loops.

import Glibc

struct SpawnedProcess {
  let id: pid_t

  /// Starts a program. Standard output becomes `output`, standard error goes nowhere, and nothing else is inherited.
  init(_ arguments: [String], output: Int32? = nil) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    if let output {
      posix_spawn_file_actions_adddup2(&actions, output, 1)
    } else {
      posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    }
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    // glibc allows to close what isn't open, up to the limit of descriptors.
    for descriptor in 3..<Int32(min(sysconf(Int32(_SC_OPEN_MAX)), 4096)) {
      posix_spawn_file_actions_addclose(&actions, descriptor)
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var texts = arguments.map { strdup($0) } + [nil]
    defer { for text in texts { free(text) } }
    var id: pid_t = 0
    let code = posix_spawnp(&id, arguments[0], &actions, &attributes, &texts, environ)
    if code != 0 { throw PeerError("\(arguments[0]): \(String(cString: strerror(code)))") }
    self.id = id
  }

  /// Whether it has not ended by itself. Don't ask again once it has.
  var isRunning: Bool {
    var status: Int32 = 0
    return waitpid(id, &status, WNOHANG) == 0
  }

  func stop() {
    kill(id, SIGTERM)
    var status: Int32 = 0
    while waitpid(id, &status, 0) < 0 && errno == EINTR {}
  }
}

struct PeerError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
