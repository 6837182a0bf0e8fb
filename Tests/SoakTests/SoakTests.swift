// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// A short form of what `make soak` runs for minutes.
@Suite("Soak", .timeLimit(.minutes(4))) struct SoakTests {
  static let backends = ["epoll", ""]

  private func soak(_ arguments: [String], _ backend: String = "") async throws -> [String] {
    let program = try TestProgram.ours(
      "soak", arguments, environment: backend.isEmpty ? [:] : ["AIO_BACKEND": backend])
    return await onThread { program.lines() }
  }

  @Test(arguments: backends)
  func `seconds of a real load with every fault leave nothing behind`(backend: String) async throws {
    let lines = try await soak(["real", "4"], backend)
    #expect(lines.last == "nothing was lost, doubled or left behind", "\(lines.joined(separator: "\n"))")
  }

  @Test(arguments: backends)
  func `every reset is told, though the loop is short of CPU`(backend: String) async throws {
    let lines = try await soak(["resets", "4000"], backend)
    #expect(lines.last == "nothing was lost, doubled or left behind", "\(lines.joined(separator: "\n"))")
  }

  @Test(arguments: backends)
  func `hundreds of children, each ended in another way, leave nothing behind`(backend: String) async throws {
    let lines = try await soak(["children", "600"], backend)
    #expect(lines.last == "nothing was lost, doubled or left behind", "\(lines.joined(separator: "\n"))")
  }

  @Test(arguments: [1, 2])
  func `half a minute of virtual time with every fault leaves nothing behind`(seed: Int) async throws {
    let lines = try await soak(["virtual", "30", "\(seed)"])
    #expect(lines.last == "nothing was lost, doubled or left behind", "\(lines.joined(separator: "\n"))")
  }
}
