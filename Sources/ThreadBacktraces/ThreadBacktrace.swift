// SPDX-License-Identifier: Apache-2.0

import CLinuxBacktrace
public import Glibc

/// What another thread is doing, and on whose behalf.
///
/// Meant for a watchdog that has noticed that a thread is stuck: the thread is interrupted by a signal for as long as
/// it takes to copy the top of its stack (up to 64 KiB), and everything else happens on the caller's thread. It works
/// in release builds and needs no debug information. Keep frame pointers, as SwiftPM does by default: a function that
/// has neither one nor unwind information is the last of its trace.
///
/// ```swift
/// if let trace = ThreadBacktrace.capture(threadID: stuckThread) {
///   print(trace)
/// }
/// ```
///
/// Linux on x86_64 and AArch64. The signal is `SIGPROF`, which is what libdispatch's threads leave unblocked, or, if
/// something handles that already, the highest free real-time signal; its handler stays installed. It restarts
/// interrupted system calls where the kernel can; as signal(7) says, a thread blocked in `poll`, `epoll_wait`,
/// `nanosleep` and their like sees `EINTR`.
public struct ThreadBacktrace: Sendable {
  /// One activation of a function, or one async function that waits for the one above it.
  public struct Frame: Sendable {
    public enum Kind: Sendable {
      /// On the thread's stack.
      case call
      /// Not on the stack: suspended in an `await`, to be resumed when the frame above it is done.
      case async
    }
    public var kind: Kind
    /// Where the function is: its next instruction, a return address, or the address it will resume at.
    public var address: UInt64
    /// The file name of the program or library, such as `libc.so.6`, or nil if the address is in none.
    public var image: String?
    /// The function's name, demangled and simplified, or nil if the image doesn't name it.
    public var symbol: String?
    /// The distance in bytes of `address` from the function's start, or, without a symbol, from the image's.
    public var offset: UInt64
    /// Part of what carries the program rather than of the program: language runtime, thread entry, compiler's thunk.
    public var isRuntime: Bool
  }

  /// The kernel's id of the thread.
  public var threadID: pid_t
  /// Innermost first. Async callers follow the async function that they wait for, before the rest of the stack.
  public var frames: [Frame]

  /// Interrupts the thread and returns its backtrace, or nil if there is none to be had: no thread of this process has
  /// that id, or it did not answer within `timeout` because it blocks the signal or sleeps uninterruptibly.
  ///
  /// Call it from a thread that may block: it waits for its turn if another capture is under way, it waits for the
  /// thread to run its signal handler, and the first time an image turns up in a trace it reads that file's symbols.
  ///
  /// - Parameters:
  ///   - threadID: what gettid(2) returned on that thread; `currentThreadID` does.
  ///   - limit: the most frames of each kind, at least 1.
  ///   - timeout: how long to wait for the thread's answer, in whole milliseconds.
  public static func capture(
    threadID: pid_t, limit: Int = 64, timeout: Duration = .milliseconds(200)
  ) -> ThreadBacktrace? {
    precondition(limit >= 1, "ThreadBacktrace.capture: limit \(limit) is below 1")
    guard let snapshot = Snapshot(threadID: threadID, timeout: timeout) else { return nil }
    return ThreadBacktrace(snapshot, threadID: threadID, limit: limit)
  }

  /// The kernel's id of the calling thread, by which another one can ask for its backtrace.
  public static var currentThreadID: pid_t { backtrace_current_thread() }
}

/// The registers and the stack of a thread at one moment.
struct Snapshot {
  var registers: Registers
  var memory = ProcessMemory()

  init?(threadID: pid_t, timeout: Duration) {
    let milliseconds = min(timeout.attoseconds / 1_000_000_000_000_000, 3_600_000)
    var captured = backtrace_registers()
    var result: Int32 = 0
    // The buffer has the room that the capture asks for, and the size it reports is what it has filled.
    memory.stack = unsafe [UInt8](unsafeUninitializedCapacity: Int(BACKTRACE_STACK_CAPACITY)) { buffer, initialized in
      result = unsafe backtrace_capture_thread(
        threadID, UInt32(clamping: milliseconds), &captured, buffer.baseAddress, &initialized)
    }
    guard result == 0 else { return nil }
    registers = Registers(captured)
    memory.stackAddress = registers.stackPointer
  }
}

extension ThreadBacktrace {
  init(_ snapshot: Snapshot, threadID: pid_t, limit: Int) {
    self.threadID = threadID
    frames = []
    var symbolizer = Symbolizer(unwinder: Unwinder(memory: snapshot.memory, images: Image.loaded()))
    var isAsyncChainKnown = false
    for physical in symbolizer.unwinder.frames(from: snapshot.registers, limit: limit) {
      let symbol = symbolizer.symbol(at: physical.codeAddress)
      frames.append(symbolizer.frame(.call, address: physical.registers.programCounter, symbol))
      guard !isAsyncChainKnown, let symbol, symbol.name.isAsync else { continue }
      for caller in symbolizer.asyncCallers(of: physical, symbol: symbol, limit: limit) {
        isAsyncChainKnown = true
        frames.append(symbolizer.frame(.async, address: caller, symbolizer.symbol(at: caller)))
      }
    }
  }
}

extension Symbolizer {
  fileprivate func frame(
    _ kind: ThreadBacktrace.Frame.Kind, address: UInt64, _ symbol: Symbol?
  )
    -> ThreadBacktrace.Frame
  {
    let image = unwinder.image(at: address)
    let name = image?.name
    return ThreadBacktrace.Frame(
      kind: kind, address: address, image: name, symbol: symbol?.name.text,
      offset: address &- (symbol?.address ?? image?.base ?? 0),
      isRuntime: symbol?.name.isThunk == true || Self.isRuntime(image: name, mangled: symbol?.mangled))
  }

  private static func isRuntime(image: String?, mangled: String?) -> Bool {
    let libraries = [
      "libc.so", "libpthread", "ld-linux", "[vdso]", "libswiftCore", "libswift_Concurrency", "libdispatch",
      "libstdc++", "libgcc_s",
    ]
    if let image, libraries.contains(where: { image.hasPrefix($0) }) { return true }
    // A program that is linked statically has the runtime within it.
    let functions = ["_start", "swift_job_run", "swift_task_", "_dispatch_", "_ZN5swift", "_ZNK5swift"]
    return mangled.map { mangled in functions.contains { mangled.hasPrefix($0) } } ?? false
  }
}
