// SPDX-License-Identifier: Apache-2.0
// Thousands of children, each ended in another way, and what is left of them.

import AsyncIO
import AsyncIOCore
import Glibc

struct Children: Sendable {
  let count: Int
  private let ledger = Ledger()

  init(count: Int) { self.count = count }

  nonisolated(nonsending) func report() async throws -> [String] {
    let loop = EventLoop.current
    try await some(100, from: 0)
    // The last ones close their pipes.
    try await sleep(.milliseconds(100))
    let before = Census.take(loop, ProcessDescriptors())
    try await some(count, from: 100)
    for _ in 0..<100 where Census.take(loop, ProcessDescriptors()).differs(from: before) {
      try await sleep(.milliseconds(50))
    }
    let after = Census.take(loop, ProcessDescriptors())
    var lines = ["\(count) children", "before: \(before)", "after: \(after)"]
    errno = 0
    if waitpid(-1, nil, WNOHANG) != -1 || errno != ECHILD { lines.append("FAULT children are left") }
    // A leak of a kilobyte for each child shows.
    if after.resident > before.resident + 4_000_000 + count * 500 { lines.append("FAULT memory grew") }
    lines += after.faults(since: before) + ledger.snapshot.faults.map { "FAULT \($0)" }
    if !lines.contains(where: { $0.hasPrefix("FAULT") }) { lines.append("nothing was lost, doubled or left behind") }
    return lines
  }

  private nonisolated(nonsending) func some(_ count: Int, from first: Int) async throws {
    try await gather(first..<(first + count), limit: 16) { number in try await one(number) }
  }

  private nonisolated(nonsending) func one(_ number: Int) async throws {
    switch number % 6 {
    case 0:
      let output = try await Subprocess.run("/bin/echo", "\(number)").output
      if output != "\(number)\n" { ledger.fault("\(number) printed \(output)") }
    case 1:
      let child = try await createSubprocessExec("/bin/cat", stdin: .pipe, stdout: .pipe)
      let (output, _) = try await child.communicate(Array("\(number)".utf8))
      if output != Array("\(number)".utf8) { ledger.fault("\(number) was not copied") }
    case 2:
      let child = try await createSubprocessExec("/bin/sleep", "60")
      try child.kill()
      if try await child.wait().signal != .kill { ledger.fault("\(number) was not killed") }
    case 3:
      _ = try? await moveOnAfter(.milliseconds(number % 4)) { _ in _ = try await Subprocess.run("/bin/sleep", "60") }
    case 4:
      do { try await Subprocess.run("/no/such") } catch is SystemError { return }
      ledger.fault("\(number) was started")
    default:
      try await withSubprocess("/bin/cat", stdin: .pipe, stdout: .pipe) { child in
        try await child.input.write("\(number)\n")
        if try await child.output.readLine() != "\(number)" { ledger.fault("\(number) did not answer") }
      }
    }
  }
}
