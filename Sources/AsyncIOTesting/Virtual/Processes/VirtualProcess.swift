// SPDX-License-Identifier: Apache-2.0

public import AsyncIO
public import AsyncIOCore

/// A child process in virtual time: a program that the test defines stands behind `createSubprocessExec`,
/// `Subprocess.run` and the rest.
///
/// ```swift
/// try await withVirtualTime {
///   VirtualProcess.define("ping") { child in
///     for number in 1...3 {
///       try await child.stdout.write("answer \(number) from \(child.arguments[1])\n")
///       try await sleep(.seconds(1))
///     }
///     return 0
///   }
///   let result = try await Subprocess.run("ping", "example.com")
///   #expect(result.output.hasPrefix("answer 1 from example.com"))
/// }
/// ```
///
/// A program is found by the whole name that it is started by, or by the last part of its path; a shell is the program
/// `sh`. One that no test has defined does not exist (ENOENT). The child's standard streams are pipes to the caller, or
/// lead nowhere. Files, terminals and descriptors of the machine are not available. A child of a child is started like
/// any other.
///
/// The body is a task of the loop, which ends with the value that it returns. A signal ends it as it does a real
/// process, unless the body waits for it (`signals`) or has called `ignore`.
public final class VirtualProcess: @unchecked Sendable {
  // Sendable: used on the loop's thread only, where the body runs too.

  /// A program: its status is what it returns. An error is printed on standard error, and the status is 1.
  public typealias Body = @Sendable (VirtualProcess) async throws -> Int32

  /// Defines a program for the run in virtual time that is current.
  ///
  /// - Parameter program: The name that it is started by.
  public static func define(_ program: String, _ body: @escaping Body) {
    guard let processes = EventLoop.onThisThread?.backend.processes as? VirtualProcesses else {
      preconditionFailure("VirtualProcess.define(\"\(program)\"): no loop with virtual time runs on this thread")
    }
    processes.programs[program] = body
  }

  /// The number of the process.
  public let id: Int32
  /// The program's name for itself, and its arguments.
  public let arguments: [String]
  /// The environment: empty where the child inherits the test's.
  public let environment: [String: String]
  /// The working directory; nil is the test's.
  public let directory: String?
  /// What the caller writes.
  public let stdin: StreamReader
  /// What the caller reads as the child's standard output.
  public let stdout: StreamWriter
  /// What the caller reads as the child's standard error.
  public let stderr: StreamWriter

  private let center = SignalCenter()
  private var ignored: Set<Signal> = []
  private var task: Task<Void, Never>?
  private(set) var status: ExitStatus?
  private let whenEnded: () -> Void

  /// - Parameter standard: The descriptors of the standard streams, which the child closes.
  init(
    _ plan: ProcessPlan, id: Int32, standard: [Int32], on loop: EventLoop, whenEnded: @escaping () -> Void
  ) {
    self.id = id
    self.whenEnded = whenEnded
    arguments = plan.arguments
    directory = plan.directory
    let variables = (plan.environment ?? []).map { entry in
      let name = entry.prefix { $0 != "=" }
      return (String(name), String(entry.dropFirst(name.count + 1)))
    }
    environment = Dictionary(variables) { $1 }
    func writer(_ descriptor: Int32) -> StreamWriter {
      StreamWriter(
        loop.makeStream(
          Descriptor(descriptor, of: loop.backend), peer: nil, isSocket: false, reads: false, limit: 0))
    }
    stdin = StreamReader(
      loop.makeStream(Descriptor(standard[0], of: loop.backend), peer: nil, isSocket: false, limit: 64 * 1024))
    stdout = writer(standard[1])
    stderr = standard[2] == standard[1] ? stdout : writer(standard[2])
  }

  func start(_ body: @escaping Body) {
    task = Task(name: arguments.first ?? "a child") {
      var code: Int32
      do { code = try await body(self) } catch {
        if status == nil { try? await stderr.write("\(error)\n") }
        code = 1
      }
      // A process has ended when all that it wrote is in the pipe.
      try? await stdout.close()
      if stderr !== stdout { try? await stderr.close() }
      end(.exited(code & 0xff))
    }
  }

  // MARK: - Signals

  /// Receives signals, which then don't end the child; see `AsyncIO.signals`.
  ///
  /// ```swift
  /// VirtualProcess.define("server") { child in
  ///   for await _ in child.signals(.terminate) { break }
  ///   try await child.stdout.write("goodbye\n")
  ///   return 0
  /// }
  /// ```
  public func signals(_ signals: Signal...) -> SignalSequence { SignalSequence(of: Set(signals), from: center) }

  /// Ignores signals from now on. SIGKILL can't be ignored.
  public func ignore(_ signals: Signal...) { ignored.formUnion(signals) }

  func receive(_ signal: Signal) {
    if signal != .kill {
      if ignored.contains(signal) || center.send(signal) { return }
      // These do nothing to a process that doesn't ask for them; stopping one has no meaning here.
      if [.child, .windowChange, .continue, .stop, .terminalStop].contains(signal) { return }
    }
    end(.signaled(signal, dumpedCore: false))
  }

  /// What it has written stays readable.
  private func end(_ reason: ExitStatus.Reason) {
    guard status == nil else { return }
    status = ExitStatus(reason)
    task?.cancel()
    stdin.abort()
    stdout.abort()
    stderr.abort()
    whenEnded()
  }
}
