// SPDX-License-Identifier: Apache-2.0

import CLinuxBacktrace
public import Glibc

/// What another thread is doing, and on whose behalf.
///
/// Meant for a watchdog that has noticed that a thread is stuck. A thread that computes is interrupted by a signal for as
/// long as it takes to copy the top of its stack (up to 64 KiB). One that is blocked in a system call is not: its stack
/// is copied from outside. Everything else happens on the caller's thread. It works in release builds and needs no debug
/// information. Keep frame pointers, as SwiftPM does by default: a function that has neither one nor unwind information
/// is the last of its trace.
///
/// ```swift
/// if let trace = ThreadBacktrace.capture(threadID: stuckThread) {
///   print(trace)
/// }
/// ```
///
/// Linux on x86_64 and AArch64. The signal is `SIGPROF`, which is what libdispatch's threads leave unblocked, or, if
/// something handles that already, the highest free real-time signal; its handler stays installed. No system call ends
/// early by it: not `usleep`, `poll` and their like either, which no signal restarts. The exception is Linux before 5.11
/// (AArch64: before 6.1), where the signal can meet a thread that computes and is just entering such a call. A blocked
/// thread has no backtrace where `/proc/self/task` can't be read.
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

  /// Returns the thread's backtrace, or nil if there is none to be had: no thread of this process has that id, or within
  /// `timeout` it was neither found blocked nor did it answer, because it blocks the signal or gets no processor.
  ///
  /// Call it from a thread that may block: it waits for its turn if another capture is under way, it waits for the
  /// thread to run its signal handler, and the first time an image turns up in a trace it reads that file's symbols.
  /// `isWanted` is asked before that, when the stack has been copied.
  ///
  /// - Parameters:
  ///   - threadID: what gettid(2) returned on that thread; `currentThreadID` does.
  ///   - limit: the most frames of each kind, at least 1.
  ///   - timeout: how long to wait for the thread's answer, in whole milliseconds.
  ///   - isWanted: whether the thread was still doing what the backtrace is to show; if not, the result is nil.
  public static func capture(
    threadID: pid_t, limit: Int = 64, timeout: Duration = .milliseconds(200), isWanted: () -> Bool = { true }
  ) -> ThreadBacktrace? {
    precondition(limit >= 1, "ThreadBacktrace.capture: limit \(limit) is below 1")
    guard let snapshot = Snapshot(threadID: threadID, timeout: timeout) else { return nil }
    guard isWanted() else { return nil }
    var unwinder = Unwinder(memory: snapshot.memory, images: Image.loaded())
    let frames = unwinder.frames(from: snapshot.registers, limit: limit)
    unwinder.keepContexts(of: frames, limit: limit)
    // If the thread went on meanwhile, its async callers are others now.
    return ThreadBacktrace(frames, unwinder, threadID: threadID, mostCallers: isWanted() ? limit : 0)
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
  init(_ physicalFrames: [PhysicalFrame], _ unwinder: Unwinder, threadID: pid_t, mostCallers: Int) {
    self.threadID = threadID
    frames = []
    var symbolizer = Symbolizer(unwinder: unwinder)
    var isAsyncChainKnown = false
    for physical in physicalFrames {
      let symbol = symbolizer.symbol(at: physical.codeAddress)
      frames.append(symbolizer.frame(.call, address: physical.registers.programCounter, symbol))
      guard !isAsyncChainKnown, let symbol, symbol.name.isAsync else { continue }
      for caller in symbolizer.asyncCallers(of: physical, symbol: symbol, limit: mostCallers) {
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
    // And methods of `UnownedJob` ($sScJ), which runs one, are compiled into their callers.
    let functions = ["_start", "swift_job_run", "swift_task_", "_dispatch_", "_ZN5swift", "_ZNK5swift", "$sScJ"]
    return mangled.map { mangled in functions.contains { mangled.hasPrefix($0) } } ?? false
  }
}
