// SPDX-License-Identifier: Apache-2.0
// Programs of tests: for a kernel a line for the shell, and in virtual time a function that does the same.

import AsyncIO
import AsyncIOTesting
import Glibc

struct Script: Sendable {
  let line: String
  let function: VirtualProcess.Body

  /// Arguments for a child on the current loop.
  func arguments() -> [String] {
    if EventLoop.current.backendKind == .virtual { VirtualProcess.define("sh", function) }
    return ["-c", line]
  }

  static let copies = Script(line: "exec cat") { child in
    while case let bytes = try await child.stdin.read(upTo: 4096), !bytes.isEmpty {
      try await child.stdout.write(bytes)
    }
    return 0
  }

  static let copiesToBoth = Script(line: "exec tee /dev/stderr") { child in
    while case let bytes = try await child.stdin.read(upTo: 4096), !bytes.isEmpty {
      try await child.stdout.write(bytes)
      try await child.stderr.write(bytes)
    }
    return 0
  }

  static let sleeps = Script(line: "echo ready; exec sleep 3600") { child in
    try await child.stdout.write("ready\n")
    try await sleep(.seconds(3600))
    return 0
  }

  static let ignoresTermination = Script(line: "trap '' TERM; echo ready; while :; do sleep 1; done") { child in
    child.ignore(.terminate)
    try await child.stdout.write("ready\n")
    while true { try await sleep(.seconds(1)) }
  }

  static let fails = Script(line: "echo some; echo first >&2; echo 'what went wrong' >&2; exit 3") { child in
    try await child.stdout.write("some\n")
    try await child.stderr.write("first\nwhat went wrong\n")
    return 3
  }

  static let writesForEver = Script(line: "exec yes") { child in
    while true { try await child.stdout.write("y\n") }
  }

  static let closesItsOutput = Script(line: "echo last; exec >&- ; sleep 0.05; exit 4") { child in
    try await child.stdout.write("last\n")
    try await child.stdout.close()
    try await sleep(.milliseconds(50))
    return 4
  }

  static let readsNothing = Script(line: "exec <&-; echo done") { child in
    child.stdin.abort()
    try await child.stdout.write("done\n")
    return 0
  }

  static let counts = Script(line: "for i in 1 2 3; do echo line $i; done") { child in
    for number in 1...3 { try await child.stdout.write("line \(number)\n") }
    return 0
  }
}

/// Whether a process of this machine has a text among its arguments.
func processExists(withArgument text: String) -> Bool {
  guard let folder = opendir("/proc") else { return false }
  defer { closedir(folder) }
  while let entry = readdir(folder) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
      pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    guard Int(name) != nil else { continue }
    let file = open("/proc/\(name)/cmdline", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { continue }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(file, &bytes, bytes.count)
    let arguments = bytes.prefix(max(0, count)).split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    if arguments.contains(text) { return true }
  }
  return false
}
