// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

package final class KernelProcesses: Processes {
  /// Whether descriptors on this side are non-blocking; see KernelSockets. Those on the child's side never are: the
  /// program expects that a read waits.
  private let areNonBlocking: Bool

  init(areNonBlocking: Bool) { self.areNonBlocking = areNonBlocking }

  package func start(_ plan: ProcessPlan) throws -> StartedProcess {
    // Eleven places for the id, which the child writes.
    let idVariable = plan.variableWithID.map { "\($0)=" + String(repeating: " ", count: 11) }
    let variables = plan.environment.map { $0 + (idVariable.map { [$0] } ?? []) }
    let environment = try variables.map { try CStrings($0, of: plan) }
    let idText = unsafe idVariable.flatMap { variable in
      unsafe environment?.last.map { unsafe $0 + (variable.utf8.count - 11) }
    }
    // The PATH of the child's own environment counts, as in CPython.
    let path: String? =
      if let variables = plan.environment {
        variables.last { $0.hasPrefix("PATH=") }.map { String($0.dropFirst(5)) }
      } else {
        unsafe getenv("PATH").map { unsafe String(cString: $0) }
      }
    let paths = try CStrings(plan.candidates(inPath: path), of: plan)
    let arguments = try CStrings(plan.arguments, of: plan)
    let directory = try plan.directory.map { try CStrings([$0], of: plan) }
    var inherited = plan.inherited.map { asyncio_inherited(source: $0.source, target: $0.target) }
    let limits = plan.limits.map {
      asyncio_limit(
        resource: $0.resource, values: rlimit(rlim_cur: rlim_t($0.soft), rlim_max: rlim_t($0.hard)))
    }
    let groups = plan.extraGroups ?? []
    var child = asyncio_child()
    let result = unsafe inherited.withUnsafeMutableBufferPointer { inherited in
      unsafe limits.withUnsafeBufferPointer { limits in
        unsafe groups.withUnsafeBufferPointer { groups in
          var form = unsafe asyncio_plan()
          unsafe form.paths = UnsafePointer(paths.pointers)
          unsafe form.arguments = UnsafePointer(arguments.pointers)
          unsafe form.environment = UnsafePointer(environment?.pointers ?? environ)
          unsafe form.id_text = idText
          unsafe form.directory = UnsafePointer(directory?.pointers[0])
          unsafe form.inherited = inherited.baseAddress
          unsafe form.inherited_count = Int32(inherited.count)
          unsafe form.new_session = plan.startsSession ? 1 : 0
          unsafe form.group = plan.group ?? -1
          unsafe form.takes_terminal = plan.takesTerminal ? 1 : 0
          unsafe form.umask = plan.umask.map { Int32(truncatingIfNeeded: $0 & 0o777) } ?? -1
          unsafe form.limits = limits.baseAddress
          unsafe form.limit_count = Int32(limits.count)
          unsafe form.user = plan.user.map(Int64.init) ?? -1
          unsafe form.user_group = plan.userGroup.map(Int64.init) ?? -1
          unsafe form.extra_groups = groups.baseAddress
          unsafe form.extra_group_count = plan.extraGroups.map { Int32($0.count) } ?? -1
          unsafe form.death_signal = plan.deathSignal?.rawValue ?? 0
          return unsafe asyncio_start_program(&form, &child)
        }
      }
    }
    guard result == 0 else { throw Self.failure(of: plan, at: child.failed_step, result) }
    return StartedProcess(id: child.id, descriptor: child.descriptor)
  }

  private static func failure(of plan: ProcessPlan, at step: asyncio_step, _ result: Int32) -> SystemError {
    let detail: String? =
      switch step {
      case asyncio_step_descriptors: "its descriptors"
      case asyncio_step_session: "setsid"
      case asyncio_step_group: "setpgid \(plan.group ?? 0)"
      case asyncio_step_terminal: "its terminal"
      case asyncio_step_limits: "setrlimit"
      case asyncio_step_groups: "setgroups"
      case asyncio_step_user_group: "setgid \(plan.userGroup ?? 0)"
      case asyncio_step_user: "setuid \(plan.user ?? 0)"
      case asyncio_step_directory: "chdir \(plan.directory ?? "")"
      case asyncio_step_death_signal: "prctl"
      default: nil
      }
    return SystemError("spawn", plan.program + (detail.map { ": \($0)" } ?? ""), result: result)
  }

  package func makePipe(childReads: Bool) throws -> (ours: Int32, theirs: Int32) {
    var pair: (Int32, Int32) = (-1, -1)
    let result = unsafe withUnsafeMutablePointer(to: &pair) { pointer in
      unsafe pointer.withMemoryRebound(to: Int32.self, capacity: 2) { unsafe asyncio_pipe($0, Int32(O_CLOEXEC)) }
    }
    guard result == 0 else { throw SystemError("pipe2", result: result) }
    let (ours, theirs) = childReads ? (pair.1, pair.0) : (pair.0, pair.1)
    // The two ends of a pipe have a description each, and so flags of their own.
    if areNonBlocking { SystemCall.setStatusFlags(SystemCall.statusFlags(of: ours) | O_NONBLOCK, of: ours) }
    return (ours, theirs)
  }

  package func openTerminal(_ size: TerminalSize) throws -> (ours: Int32, theirs: Int32) {
    var (ours, theirs): (Int32, Int32) = (-1, -1)
    let result = unsafe asyncio_open_terminal(
      asyncio_terminal_size(rows: size.rows, columns: size.columns), &ours, &theirs)
    guard result == 0 else { throw SystemError("open", "/dev/ptmx", result: result) }
    if areNonBlocking { SystemCall.setStatusFlags(SystemCall.statusFlags(of: ours) | O_NONBLOCK, of: ours) }
    return (ours, theirs)
  }

  package func setSize(_ size: TerminalSize, ofTerminal descriptor: Int32) -> Int32 {
    asyncio_set_terminal_size(descriptor, asyncio_terminal_size(rows: size.rows, columns: size.columns))
  }

  package func open(_ path: String, _ access: StandardFileAccess) throws -> Int32 {
    let flags =
      switch access {
      case .reading: O_RDONLY
      case .writing: O_WRONLY | O_CREAT | O_TRUNC
      case .appending: O_WRONLY | O_CREAT | O_APPEND
      }
    let descriptor = unsafe Glibc.open(path, flags | O_CLOEXEC | O_NOCTTY, 0o666)
    guard descriptor >= 0 else { throw SystemError("open", path, result: -errno) }
    return descriptor
  }

  package func handedOver(_ descriptor: Int32) { SystemCall.close(descriptor) }

  package func exit(of descriptor: Int32, reaps: Bool) -> ExitStatus? {
    var exit = asyncio_exit()
    switch unsafe asyncio_exit_of(descriptor, reaps ? 1 : 0, &exit) {
    case 1: return ExitStatus(exit)
    case 0: return nil
    // ECHILD: the process ignores SIGCHLD, or other code waited for all of its children.
    default: return ExitStatus(.lost)
    }
  }

  package func send(_ signal: Signal, to descriptor: Int32) -> Int32 {
    asyncio_signal_process(descriptor, signal.rawValue)
  }

  package func send(_ signal: Signal, toGroup id: Int32) {
    // Never this process's own group, nor all processes.
    if id > 1 { kill(-id, signal.rawValue) }
  }

  package func abandon(_ descriptor: Int32) {
    _ = send(.kill, to: descriptor)
    guard exit(of: descriptor, reaps: true) == nil, let own = try? SystemCall.duplicate(descriptor) else { return }
    // It ends in a moment, or, if the kernel can't interrupt it, much later.
    let wait: @Sendable () -> Void = {
      asyncio_reap(own)
      SystemCall.close(own)
    }
    do { try BlockingPool.shared.submit(wait) } catch { SystemCall.close(own) }
  }
}

/// A list of C strings that ends with a null pointer.
@safe private final class CStrings {
  // Safe: owns the strings and their list, from `init` to `deinit`; the list is `unsafe` to read.
  private(set) var pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  private let count: Int

  /// - Throws: `SystemError` with EINVAL if a text has a zero byte: it would be another text to the kernel.
  init(_ texts: [String], of plan: ProcessPlan) throws {
    if texts.contains(where: { $0.utf8.contains(0) }) {
      throw SystemError("spawn", "\(plan.program): a zero byte in its arguments or environment", code: .invalidArgument)
    }
    count = texts.count
    unsafe pointers = .allocate(capacity: texts.count + 1)
    for (index, text) in texts.enumerated() { unsafe (pointers + index).initialize(to: strdup(text)) }
    unsafe (pointers + texts.count).initialize(to: nil)
  }

  var last: UnsafeMutablePointer<CChar>? { unsafe count > 0 ? pointers[count - 1] : nil }

  deinit {
    for index in 0..<count { unsafe free(pointers[index]) }
    unsafe pointers.deallocate()
  }
}
