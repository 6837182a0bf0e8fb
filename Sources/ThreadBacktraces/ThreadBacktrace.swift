// SPDX-License-Identifier: Apache-2.0

import CLinuxBacktrace
public import Glibc

/// The call stack of another thread, with the async callers of the functions on it.
///
/// It is made for watchdogs that have noticed a stuck thread. A signal interrupts a thread that computes, for as long
/// as it takes to copy the top of its stack (up to 64 KiB). A thread blocked in a system call is not interrupted: its
/// stack is copied from outside. Everything else happens on the caller's thread. It works in release builds and needs
/// no debug information. Keep frame pointers, as SwiftPM does by default: a function with neither frame pointer nor
/// unwind information ends its trace.
///
/// ```swift
/// if let trace = ThreadBacktrace.capture(threadID: stuckThread) {
///   print(trace)
/// }
/// ```
///
/// It supports Linux on x86_64 and AArch64. The signal is `SIGPROF`, which libdispatch's threads leave unblocked. If
/// something else handles that, it is the highest free real-time signal. Its handler stays installed. The signal ends
/// no system call early, not even `usleep`, `poll` and the like, which no signal restarts. The exception is Linux
/// before 5.11 (AArch64: before 6.1): there the signal can hit a computing thread just as it enters such a call. A
/// blocked thread has no backtrace where `/proc/self/task` can't be read.
public struct ThreadBacktrace: Sendable {
  /// One activation of a function, or one async function that waits for the one above it.
  public struct Frame: Sendable {
    /// The two kinds of frames.
    public enum Kind: Sendable {
      /// On the thread's stack.
      case call
      /// Not on the stack: suspended in an `await`, and resumed when the frame above it has ended.
      case async
    }
    /// Whether the function is on the stack or suspended.
    public var kind: Kind
    /// The function's current address: its next instruction, a return address, or the address where it will resume.
    public var address: UInt64
    /// The file name of the program or library, such as `libc.so.6`; nil if the address is outside of all.
    public var image: String?
    /// The function's name, demangled and simplified; nil if the image doesn't name it.
    public var symbol: String?
    /// The distance in bytes of `address` from the function's start or, without a symbol, from the image's.
    public var offset: UInt64
    /// Whether the frame carries the program rather than being part of it: language runtime, thread entry, compiler's
    /// thunk.
    public var isRuntime: Bool
  }

  /// The kernel's id of the thread.
  public var threadID: pid_t
  /// The frames, innermost first. Async callers follow the async function that they wait for, before the rest of the
  /// stack.
  public var frames: [Frame]

  /// Returns the thread's backtrace. It is nil if this process has no thread with that id. It is also nil if, within
  /// `timeout`, the thread was neither found blocked nor answered, because it blocks the signal or gets no processor.
  ///
  /// Call it from a thread that may block. It waits for other captures under way, and for the thread to run its signal
  /// handler. The first time an image appears in a trace, it reads that file's symbols. Before that, when the stack has
  /// been copied, it calls `isWanted`.
  ///
  /// - Parameters:
  ///   - threadID: The result of gettid(2) on that thread; `currentThreadID` returns it.
  ///   - limit: The most frames of each kind, at least 1.
  ///   - timeout: How long to wait for the thread's answer, in whole milliseconds.
  ///   - isWanted: Returns whether the thread is still doing what the backtrace is to show; if not, the result is nil.
  public static func capture(
    threadID: pid_t, limit: Int = 64, timeout: Duration = .milliseconds(200), isWanted: () -> Bool = { true }
  ) -> ThreadBacktrace? {
    precondition(limit >= 1, "ThreadBacktrace.capture: limit \(limit) is below 1")
    guard let snapshot = Snapshot(threadID: threadID, timeout: timeout) else { return nil }
    guard isWanted() else { return nil }
    var unwinder = Unwinder(memory: snapshot.memory, images: Image.loaded())
    let frames = unwinder.frames(from: snapshot.registers, limit: limit)
    unwinder.keepContexts(of: frames, limit: limit)
    // If the thread has moved on, its async callers are now others.
    return ThreadBacktrace(frames, unwinder, threadID: threadID, mostCallers: isWanted() ? limit : 0)
  }

  /// The kernel's id of the calling thread, with which another thread can capture its backtrace.
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
    // The buffer has the room that the capture requires, and the capture reports exactly the size that it filled.
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
    // A statically linked program contains the runtime. Methods of `UnownedJob` ($sScJ), which runs a job, are compiled
    // into their callers.
    let functions = ["_start", "swift_job_run", "swift_task_", "_dispatch_", "_ZN5swift", "_ZNK5swift", "$sScJ"]
    return mangled.map { mangled in functions.contains { mangled.hasPrefix($0) } } ?? false
  }
}
