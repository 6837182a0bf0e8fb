// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

extension EventLoop {
  /// Calls back whenever a descriptor is readable, or is at its end or in error; asyncio's `add_reader`.
  ///
  /// ```swift
  /// let loop = EventLoop.current
  /// try loop.addReader(descriptor) {
  ///   var byte: UInt8 = 0
  ///   if read(descriptor, &byte, 1) == 1 { print("read", byte) } else { loop.removeReader(descriptor) }
  /// }
  /// ```
  ///
  /// The callback runs once a turn while the descriptor is ready (level-triggered), on the loop's thread, with the
  /// task-local values of the place that added it. A descriptor has one reader and one writer; adding another replaces
  /// it. Sockets, pipes, terminals and eventfds can be watched. They stay the program's: make them non-blocking, and
  /// remove the callbacks before you close them. On the loop's thread only.
  ///
  /// - Throws: `SystemError` for a file, which is always ready (EPERM), and for a descriptor that isn't open.
  public func addReader(
    _ descriptor: Int32, file: StaticString = #fileID, line: UInt = #line, _ callback: @escaping () -> Void
  ) throws {
    try add(descriptor, .input, "addReader", CodePlace(file: file, line: line), callback)
  }

  /// Ends what `addReader` began; asyncio's `remove_reader`. On the loop's thread only.
  ///
  /// - Returns: Whether there was a callback. It is not called again, even if the descriptor is ready.
  @discardableResult
  public func removeReader(
    _ descriptor: Int32, file: StaticString = #fileID, line: UInt = #line
  ) -> Bool {
    remove(descriptor, .input, "removeReader", CodePlace(file: file, line: line))
  }

  /// Calls back whenever a descriptor is writable, or is in error; asyncio's `add_writer`. Otherwise like `addReader`.
  ///
  /// ```swift
  /// let loop = EventLoop.current
  /// try loop.addWriter(descriptor) {
  ///   print("there is room")
  ///   loop.removeWriter(descriptor)
  /// }
  /// ```
  ///
  /// - Throws: As `addReader` does.
  public func addWriter(
    _ descriptor: Int32, file: StaticString = #fileID, line: UInt = #line, _ callback: @escaping () -> Void
  ) throws {
    try add(descriptor, .output, "addWriter", CodePlace(file: file, line: line), callback)
  }

  /// Ends what `addWriter` began; asyncio's `remove_writer`. On the loop's thread only.
  ///
  /// - Returns: Whether there was a callback. It is not called again, even if the descriptor is ready.
  @discardableResult
  public func removeWriter(
    _ descriptor: Int32, file: StaticString = #fileID, line: UInt = #line
  ) -> Bool {
    remove(descriptor, .output, "removeWriter", CodePlace(file: file, line: line))
  }

  private func add(
    _ descriptor: Int32, _ direction: DescriptorWatch.Direction, _ function: StaticString, _ place: CodePlace,
    _ callback: @escaping () -> Void
  ) throws {
    place.require(isCurrent, "EventLoop.\(function): called off the loop's thread")
    try DescriptorWatches.of(self).watch(descriptor, direction, on: self).setCallback(callback)
  }

  private func remove(
    _ descriptor: Int32, _ direction: DescriptorWatch.Direction, _ function: StaticString, _ place: CodePlace
  ) -> Bool {
    place.require(isCurrent, "EventLoop.\(function): called off the loop's thread")
    return DescriptorWatches.of(self).existing(descriptor, direction)?.removeCallback() ?? false
  }
}

/// Waits until a descriptor is readable, or is at its end or in error; Trio's and anyio's `wait_readable`.
///
/// ```swift
/// try await waitReadable(descriptor)
/// ```
///
/// The descriptor stays the program's. Make it non-blocking: the bytes may be gone by the time of the call. Several
/// tasks may wait for one descriptor, and all of them wake. **Cancellation** throws `CancellationError` and takes no
/// bytes.
///
/// - Throws: `SystemError` for a file, which is always ready (EPERM), and for a descriptor that isn't open.
public nonisolated(nonsending) func waitReadable(_ descriptor: Int32) async throws {
  try await waitReady(descriptor, .input)
}

/// Waits until a descriptor is writable, or is in error; Trio's and anyio's `wait_writable`. Otherwise like
/// `waitReadable`.
///
/// ```swift
/// try await waitWritable(descriptor)
/// ```
///
/// - Throws: As `waitReadable` does.
public nonisolated(nonsending) func waitWritable(_ descriptor: Int32) async throws {
  try await waitReady(descriptor, .output)
}

private nonisolated(nonsending) func waitReady(
  _ descriptor: Int32, _ direction: DescriptorWatch.Direction
) async throws {
  try await onCurrentLoop { loop in
    try await DescriptorWatches.of(loop).watch(descriptor, direction, on: loop).wait()
  }
}
