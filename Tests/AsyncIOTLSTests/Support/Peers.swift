// SPDX-License-Identifier: Apache-2.0
// Other implementations' programs. A test starts each one, and ends it by its process id. Foundation's `Process` is not
// used: with it a child inherits the pipes of all other children, and the signal mask of the thread that starts it.

import AsyncIO
import AsyncIOCore
import Glibc
import Testing

struct PeerError: Error, CustomStringConvertible {
  let description: String
}

/// A child process with pipes to its standard input and from its standard output and error.
final class Peer: @unchecked Sendable {
  // Sendable: mutable state is used by one thread at a time, the test's or the one that reads for it.
  private let id: pid_t
  private var input: Int32
  private let output: Int32
  private var isOver = false

  init(_ words: [String]) throws {
    var (into, from): ([Int32], [Int32]) = ([0, 0], [0, 0])
    guard pipe(&into) == 0, pipe(&from) == 0 else { throw PeerError(description: "pipe: errno \(errno)") }
    for descriptor in into + from { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    defer {
      close(into[0])
      close(from[1])
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, into[0], 0)
    posix_spawn_file_actions_adddup2(&actions, from[1], 1)
    posix_spawn_file_actions_adddup2(&actions, from[1], 2)
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
    var texts = words.map { strdup($0) } + [nil]
    defer { for text in texts { free(text) } }
    var id: pid_t = 0
    let code = posix_spawnp(&id, words[0], &actions, &attributes, &texts, environ)
    guard code == 0 else { throw PeerError(description: "\(words[0]): \(String(cString: strerror(code)))") }
    (self.id, input, output) = (id, into[1], from[0])
  }

  deinit { stop() }

  /// Ends it, unless it has ended.
  func stop() {
    if isOver { return }
    isOver = true
    closeInput()
    kill(id, SIGKILL)
    close(output)
    var status: Int32 = 0
    while waitpid(id, &status, 0) < 0 && errno == EINTR {}
  }

  func write(_ text: String) {
    var text = text
    _ = text.withUTF8 { Glibc.write(input, $0.baseAddress, $0.count) }
  }

  func closeInput() {
    if input >= 0 { close(input) }
    input = -1
  }

  /// The next line of its output; nil at the end. Blocks.
  func readLine() -> String? {
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while read(output, &byte, 1) == 1 {
      if byte == 0x0a { return String(decoding: line, as: UTF8.self) }
      line.append(byte)
    }
    return line.isEmpty ? nil : String(decoding: line, as: UTF8.self)
  }

  /// All of its output up to its end. Blocks.
  func readToEnd() -> String {
    var text = ""
    while let line = readLine() { text += line + "\n" }
    return text
  }

  /// The port that a server prints in a line such as `ACCEPT 127.0.0.1:1234` or `1234`. Blocks.
  func port() throws -> UInt16 {
    var seen = ""
    while let line = readLine() {
      let word = line.split(whereSeparator: { $0 == ":" || $0 == " " }).last
      if line.hasPrefix("ACCEPT") || line.allSatisfy(\.isNumber), let word, let port = UInt16(word) { return port }
      seen += line + "\n"
    }
    throw PeerError(description: "no port: \(seen)")
  }

  /// Runs one of its blocking functions on another thread, beside the loop.
  func whileBlocked<Value: Sendable>(_ body: @escaping @Sendable (Peer) throws -> Value) async throws -> Value {
    try await EventLoop.current.runBlocking(WaitReason("run")) { Result { try body(self) } }.get()
  }
}

/// Starts another implementation's server, and gives its port to the body.
func withPeer<Value: Sendable>(
  _ words: [String], _ body: (UInt16, Peer) async throws -> Value
) async throws -> Value {
  let peer = try Peer(words)
  defer { peer.stop() }
  return try await body(try await peer.whileBlocked { try $0.port() }, peer)
}

/// Runs a program to its end and returns its output.
func output(of words: [String], input: String = "") async throws -> String {
  let peer = try Peer(words)
  defer { peer.stop() }
  peer.write(input)
  return try await peer.whileBlocked {
    $0.closeInput()
    return $0.readToEnd()
  }
}
