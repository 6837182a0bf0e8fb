// SPDX-License-Identifier: Apache-2.0
// The programs of introductions, each in Swift and in Python, print equal lines. The Swift ones also run in virtual
// time, where they finish at once, and their output is exact, including the jitter.

import Foundation
import TestSupport
import Testing

@Suite("First steps", .timeLimit(.minutes(1))) struct FirstStepsTests {
  struct Program: Sendable, CustomTestStringConvertible {
    let name: String
    let lines: [String]
    var testDescription: String { name }

    init(_ name: String, _ lines: [String]) { (self.name, self.lines) = (name, lines) }
  }

  static let programs = [
    Program("hello-world", ["hello", "hello", "world", "world"]),
    Program("before-after", ["before", "working", "after: done"]),
    Program("price-plus-tax", ["120.0"]),
    Program("three-downloads", ["downloaded photo.jpg", "downloaded film.webm", "downloaded a.txt", "sizes: 5 9 9"]),
    Program("text-then-images", ["text: once upon a time", "image: portrait", "image: logo", "image: map"]),
    Program("countdown", ["3", "2", "1", "lift-off"]),
    Program("producer-consumer", (1...5).flatMap { ["produced \($0)", "consumed \($0)"] } + ["no more"]),
    Program("periodic-tick", (1...5).map { "tick \($0): late by 0.0 seconds" }),
    Program("shop-search", ["Bauer was too slow", "2 offers: a lamp from Cohn, a lamp from Abel"]),
  ]

  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Examples/FirstSteps")

  @Test(arguments: programs)
  func `each says what introductions say`(_ program: Program) async throws {
    let run = try TestProgram.ours("first-steps", [program.name, "--virtual-time"])
    let (lines, status) = await onThread { (run.lines(), run.wait()) }
    #expect(lines == program.lines)
    #expect(status == 0)
  }

  /// The delay of a tick differs each time.
  private func withoutJitter(_ lines: [String]) -> [String] {
    lines.map { $0.replacing(/late by -?[0-9.e-]+ seconds/, with: "late by 0.0 seconds") }
  }

  @Test(arguments: programs)
  func `each says the same in real time, as does its Python`(_ program: Program) async throws {
    let script = Self.folder.appendingPathComponent(program.name.replacing("-", with: "_") + ".py")
    let swift = try TestProgram.ours("first-steps", [program.name])
    let python = try TestProgram("python3", [script.path])
    let (swiftLines, pythonLines) = await onThread { (swift.lines(), python.lines()) }
    #expect(withoutJitter(swiftLines) == program.lines)
    #expect(withoutJitter(pythonLines) == program.lines)
    #expect(await onThread { [swift.wait(), python.wait()] } == [0, 0])
  }

  @Test func `the test of the countdown holds in Python too`() async throws {
    let test = try TestProgram("python3", ["-B", Self.folder.appendingPathComponent("Tests/countdown_test.py").path])
    #expect(await onThread { test.wait() } == 0)
  }

  @Test func `each Swift file has its Python beside it, and is a program of the test`() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
    let scripts = files.filter { $0.hasSuffix(".py") }.map { String($0.dropLast(3)).replacing("_", with: "-") }
    #expect(scripts.sorted() == Self.programs.map(\.name).sorted())
    let sources = files.filter { $0.hasSuffix(".swift") && $0 != "FirstSteps.swift" }.map {
      $0.dropLast(6).lowercased()
    }
    #expect(sources.sorted() == Self.programs.map { $0.name.replacing("-", with: "") }.sorted())
  }

  @Test func `an unknown name gets the known ones`() async throws {
    let run = try TestProgram.ours("first-steps", ["hello"])
    let (lines, status) = await onThread { (run.lines(), run.wait()) }
    #expect(lines.count == 1 && lines[0].hasPrefix("usage: first-steps NAME"))
    #expect(status == 64)
  }
}
