// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

extension EventLoop {
  /// Calls back when a signal has come; asyncio's `add_signal_handler`. Tasks use `signals(_:)`.
  ///
  /// ```swift
  /// let loop = EventLoop.current
  /// loop.addSignalHandler(.hangup) { print("reads the configuration again") }
  /// ```
  ///
  /// The callback runs between two jobs on the loop's thread, with the task-local values of the place that added it. It
  /// may do anything that other code may. A loop has one handler for each signal; adding another replaces it. While it
  /// is there the signal has no other effect. Handlers end with the loop. On the loop's thread only.
  ///
  /// - Parameter signal: Not `.kill` nor `.stop`, nor one that the processor raises: no program can handle those.
  public func addSignalHandler(
    _ signal: Signal, file: StaticString = #fileID, line: UInt = #line, _ callback: @escaping () -> Void
  ) {
    let place = CodePlace(file: file, line: line)
    place.require(isCurrent, "EventLoop.addSignalHandler: called off the loop's thread")
    place.require(signal.canBeAwaited, "EventLoop.addSignalHandler: \(signal) can't be handled")
    SignalHandlers.of(self).set(signal, callback, on: self)
  }

  /// Ends what `addSignalHandler` began; asyncio's `remove_signal_handler`. The process then responds to the signal as
  /// before. On the loop's thread only.
  ///
  /// ```swift
  /// let hadHandler = EventLoop.current.removeSignalHandler(.hangup)
  /// ```
  ///
  /// - Returns: Whether there was a handler.
  @discardableResult
  public func removeSignalHandler(_ signal: Signal, file: StaticString = #fileID, line: UInt = #line) -> Bool {
    CodePlace(file: file, line: line).require(
      isCurrent, "EventLoop.removeSignalHandler: called off the loop's thread")
    return SignalHandlers.of(self).remove(signal)
  }
}

/// The handlers of one loop, on its thread. They end with this object, which the loop lets go of at its end.
private final class SignalHandlers {
  private var watches: [Signal: SignalWatch] = [:]

  deinit { for watch in watches.values { watch.end() } }

  static func of(_ loop: EventLoop) -> SignalHandlers {
    loop.attachment { SignalHandlers() }
  }

  func set(_ signal: Signal, _ callback: @escaping () -> Void, on loop: EventLoop) {
    let context = RepeatedContext.capture()
    let new = SignalWatch([signal], as: .receives, on: loop) { _ in
      if let context { context.run(callback) } else { callback() }
    }
    // The new one first, so that the signal has a receiver at every moment.
    watches.updateValue(new, forKey: signal)?.end()
  }

  func remove(_ signal: Signal) -> Bool {
    guard let watch = watches.removeValue(forKey: signal) else { return false }
    watch.end()
    return true
  }
}
