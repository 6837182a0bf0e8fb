// SPDX-License-Identifier: Apache-2.0
// What a filter's work costs others, and how it ends. A peer decides how much work its bytes are, and how much is
// answered to them. So the filter takes a bounded share in one turn, and the rest waits for the next ones. While unsent
// answers exceed the high-water mark, nothing more is received.
//
// A peer that refuses us says why (TLS's alert) and closes. What is sent to it then fails, and its reason is still to
// be read: a failed send is told after that.

import AsyncIOCore

/// What a filter's stream has still to do. Made when there is something; most streams have nothing.
final class FilterWork {
  enum End {
    case proper
    case failed(SystemError)
  }

  /// What has arrived and was not taken yet, from `start` on.
  var bytes: [UInt8] = []
  var start = 0
  /// What came behind the bytes.
  var end: End?
  var isScheduled = false
  /// Bytes of answers since little enough was left to send.
  var answers = 0
  /// For the reading of what a peer has said before a send failed, or for `close`.
  var limit: TimerHandle?

  var hasBytes: Bool { start < bytes.count }

  func append(_ more: UnsafeRawBufferPointer) {
    if !hasBytes { drop() }
    unsafe bytes.append(contentsOf: more)
  }

  func drop() { (bytes, start, end) = ([], 0, nil) }
}

extension StreamTransport {
  /// How long a failed send waits for the peer's reason: the connection is gone, and what has come is there already.
  private static var reasonTimeLimit: Duration { .seconds(1) }

  /// Answers are counted from the low-water mark on, up to the high one.
  private static var mostAnswers: Int { highWater - lowWater }

  private func makeFilterWork() -> FilterWork {
    if let filterWork { return filterWork }
    let work = FilterWork()
    filterWork = work
    return work
  }

  // MARK: - Input

  /// Whether the filter is behind, so that nothing is to be received.
  var filterIsBehind: Bool {
    guard let work = filterWork else { return false }
    return work.hasBytes || work.answers > Self.mostAnswers
  }

  /// Bytes for the filter, in their order.
  func give(_ bytes: UnsafeRawBufferPointer, to filter: any StreamFilter) throws {
    var rest = unsafe bytes
    if !filterIsBehind {
      unsafe rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[try filter.received(bytes, on: self)...])
    }
    if unsafe !rest.isEmpty { unsafe makeFilterWork().append(rest) }
    guard filterIsBehind else { return }
    cancelReceiving()
    scheduleFilter()
  }

  /// The end of the input waits for bytes that the filter has not taken. Returns whether there are some.
  func keepEnd(_ end: FilterWork.End) -> Bool {
    guard let work = filterWork, work.hasBytes else { return false }
    work.end = end
    return true
  }

  private func scheduleFilter() {
    guard let work = filterWork, work.hasBytes, !work.isScheduled, work.answers <= Self.mostAnswers else { return }
    work.isScheduled = true
    loop.callSoon { self.continueFiltering() }
  }

  private func continueFiltering() {
    guard let work = filterWork, let filter else { return }
    work.isScheduled = false
    guard state.takesInput else { return work.drop() }
    let bytes = work.bytes
    let start = work.start
    do {
      let taken = try unsafe bytes.withUnsafeBytes {
        try unsafe filter.received(UnsafeRawBufferPointer(rebasing: $0[start...]), on: self)
      }
      work.start += taken
    } catch { return fail(error) }
    if work.hasBytes { return scheduleFilter() }
    let end = work.end.take()
    work.drop()
    switch end {
    case .proper: arrivedEnd()
    case .failed(let error): failInput(error)
    case nil: if state.wantsMore { startReceiving() }
    }
    if state.isClosing { closeIfIdle() }
  }

  /// The filter can't go on: both directions fail with its error; what it has emitted (an alert) still leaves.
  func fail(_ error: any Error) {
    filterWork?.drop()
    state.output.fail(error)
    wakeWriters()
    endInput(with: error)
    cancelReceiving()
  }

  // MARK: - Output

  /// The filter's own output: an answer to what it has received.
  package func answer(_ bytes: UnsafeRawBufferPointer) {
    unsafe emit(bytes)
    if output.count > Self.lowWater { makeFilterWork().answers += bytes.count }
  }

  /// Little enough is left to send.
  func answersHaveLeft() {
    guard let work = filterWork, work.answers > 0 else { return }
    work.answers = 0
    if work.hasBytes { scheduleFilter() } else if state.wantsMore { startReceiving() }
  }

  // MARK: - Failing and closing

  /// A send has failed, and what it fails with is told later.
  var keepsSendFailure: Bool { state.output.keptFailure != nil }

  /// Keeps why a send has failed until the peer's own reason was read. Returns whether there can be one.
  func keepSendFailure(_ error: SystemError) -> Bool {
    guard state.keepsFailure(error.code, hasFilter: filter != nil) else { return false }
    let work = makeFilterWork()
    state.output.keep(error)
    work.answers = 0
    work.limit?.cancel()
    work.limit = loop.callLater(Self.reasonTimeLimit) { [weak self] in self?.endInput(with: error) }
    scheduleFilter()
    if state.wantsMore { startReceiving() }
    return true
  }

  /// There is nothing more to read.
  func tellSendFailure() {
    guard let error = state.output.takeKeptFailure() else { return }
    filterWork?.limit?.cancel()
    loseOutput(error)
  }

  /// Bounds `close`, which would wait for ever for a peer that doesn't read.
  func limitClosing() {
    guard let filter, state.isClosing, !keepsSendFailure else { return }
    let work = makeFilterWork()
    work.limit = loop.callLater(filter.closeTimeLimit) { [weak self] in
      guard let self, state.isClosing, !outputIsIdle else { return }
      abort(with: filter.closeTimedOut)
    }
  }

  func endFiltering() {
    filterWork?.limit?.cancel()
    filterWork = nil
    // The peer's reason did not come in time, and nobody waits for it any more.
    if state.output.takeKeptFailure() != nil { wakeWriters() }
  }
}
