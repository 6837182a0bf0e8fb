// SPDX-License-Identifier: Apache-2.0

public import AsyncIOCore

/// Sends a signal to the program under test, in virtual time.
///
/// ```swift
/// try await withVirtualTime {
///   let waiting = Task { () -> Signal? in
///     for await signal in signals(.terminate) { return signal }
///     return nil
///   }
///   try await sleep(.seconds(10))
///   #expect(sendSignal(.terminate))
///   #expect(await waiting.value == .terminate)
/// }
/// ```
///
/// It reaches the receivers of `signals`, the handlers of `addSignalHandler`, and servers that stop on it, of this run
/// only. Call it in the run: the process itself gets no signal.
///
/// - Returns: Whether anybody waits for the signal. If not, a real signal would do what it does by default, which
///   is mostly to end the process.
@discardableResult
public func sendSignal(_ signal: Signal, file: StaticString = #fileID, line: UInt = #line) -> Bool {
  let place = CodePlace(file: file, line: line)
  guard let loop = EventLoop.onThisThread, loop.backendKind == .virtual else {
    fatalError("sendSignal: called outside of a run in virtual time", file: file, line: line)
  }
  place.require(signal.canBeAwaited, "sendSignal: no program can wait for \(signal)")
  return loop.backend.signals.send(signal)
}
