// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite("Signals", .timeLimit(.minutes(1))) struct SignalTests {
  private static let cases = RunTests.backends.flatMap { backend in [SIGTERM, SIGHUP].map { (backend, $0) } }

  private func start(_ scenario: String, _ backend: String) throws -> TestProgram {
    let child = try TestProgram(scenario: scenario, environment: backend.isEmpty ? [:] : ["AIO_BACKEND": backend])
    #expect(child.readLine() == "ready")
    return child
  }

  @Test(arguments: cases)
  func `a signal that the run stops on cancels the body, and ends the process after its clean-up`(
    backend: String, signal: Int32
  ) throws {
    let child = try start("stops-on-signals", backend)
    child.send(signal)
    let result = child.finish()
    #expect(result.lines == ["interrupted (\(signal == SIGTERM ? "SIGTERM" : "SIGHUP"))", "cleaned up"])
    #expect(result.status == -signal)
    #expect(result.errors == "")
  }

  @Test(arguments: RunTests.backends)
  func `Ctrl-C is one of them`(backend: String) throws {
    let child = try start("stops-on-signals", backend)
    child.interrupt()
    let result = child.finish()
    #expect(result.lines == ["interrupted (SIGINT)", "cleaned up"])
    #expect(result.status == -SIGINT)
  }

  @Test(arguments: cases)
  func `a server that ends by a signal answers first what it was asked, and the program goes on`(
    backend: String, signal: Int32
  ) throws {
    let child = try start("serves-until-a-signal", backend)
    child.send(signal)
    let result = child.finish()
    #expect(result.lines == ["<request>", "goes on", "cancelled"])
    #expect(result.status == -SIGTERM)
  }

  @Test(arguments: RunTests.backends)
  func `signals that the program receives don't stop its run`(backend: String) throws {
    let child = try start("receives-signals", backend)
    child.interrupt()
    let result = child.finish()
    let received = ["SIGINT", "SIGINT", "SIGTERM", "SIGINT"].map { "received \($0)" }
    #expect(result.lines == received + ["cancelled"])
    #expect(result.status == -SIGTERM)
  }

  @Test(arguments: RunTests.backends)
  func `the second Ctrl-C ends a program that doesn't receive the first`(backend: String) throws {
    let child = try TestProgram(
      scenario: "stuck-receiver", environment: backend.isEmpty ? [:] : ["AIO_BACKEND": backend])
    let result = child.finish()
    #expect(result.lines == [])
    #expect(result.status == 130)
  }
}
