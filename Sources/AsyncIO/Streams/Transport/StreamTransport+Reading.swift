// SPDX-License-Identifier: Apache-2.0
// The reads of StreamReader on the stream's loop. Each takes what is there without a wait, or waits for what it needs:
// see waitForInput.

import AsyncIOCore

extension StreamTransport {
  @inline(__always)
  nonisolated(nonsending) func read(upTo count: Int) async throws -> [UInt8] {
    try await loop.spendBudget()
    try beginRead("read")
    while input.isEmpty {
      if try isOver("read") { return [] }
      if polls {
        var bytes: [UInt8] = []
        if pull(into: &bytes, upTo: min(count, PieceSizes.largest)) != nil {
          return bytes
        }
        if inputIsOver { continue }
      }
      try await waitForCompletion(1, "read")
    }
    let bytes = input.take(min(count, input.count))
    resumeReceiving()
    return bytes
  }

  @inline(__always)
  nonisolated(nonsending) func read(into buffer: inout [UInt8], upTo count: Int) async throws -> Int {
    try await loop.spendBudget()
    try beginRead("read")
    while input.isEmpty {
      if try isOver("read") {
        buffer.removeAll(keepingCapacity: true)
        return 0
      }
      if polls {
        if let taken = pull(into: &buffer, upTo: min(count, PieceSizes.largest)) {
          return taken
        }
        if inputIsOver { continue }
      }
      try await waitForCompletion(1, "read")
    }
    let taken = input.take(upTo: count, into: &buffer)
    resumeReceiving()
    return taken
  }

  @inline(__always)
  nonisolated(nonsending) func readToEnd(upTo maximum: Int) async throws -> [UInt8] {
    try await loop.spendBudget()
    try beginRead("readToEnd")
    while try !isOver("readToEnd") {
      try await loop.spendBudget()
      if input.count > maximum {
        throw LimitOverrunError(limit: maximum, consumed: input.count, place: place("readToEnd"))
      }
      try await waitForInput(input.count + 1, "readToEnd")
    }
    if input.count > maximum {
      throw LimitOverrunError(limit: maximum, consumed: input.count, place: place("readToEnd"))
    }
    return input.take(input.count)
  }

  @inline(__always)
  nonisolated(nonsending) func readExactly(_ count: Int) async throws -> [UInt8] {
    try await loop.spendBudget()
    try beginRead("readExactly")
    while input.count < count {
      if try isOver("readExactly") {
        throw IncompleteReadError(partial: input.take(input.count), expected: count, place: place("readExactly"))
      }
      try await waitForInput(count, "readExactly")
    }
    let bytes = input.take(count)
    resumeReceiving()
    return bytes
  }

  @inline(__always)
  nonisolated(nonsending) func readUntil(_ separator: [UInt8]) async throws -> [UInt8] {
    try await loop.spendBudget()
    guard let end = try await waitFor(separator, "readUntil") else {
      throw IncompleteReadError(partial: input.take(input.count), expected: nil, place: place("readUntil"))
    }
    let bytes = input.take(end)
    resumeReceiving()
    return bytes
  }

  nonisolated(nonsending) func readUntil(anyOf separators: [[UInt8]]) async throws -> [UInt8] {
    try await loop.spendBudget()
    try beginRead("readUntil")
    let longest = separators.reduce(0) { max($0, $1.count) }
    var searched = 0
    while true {
      let ends = separators.compactMap { separator in
        input.endOfFirst(separator, from: searched).map { (end: $0, start: $0 - separator.count) }
      }
      // asyncio's rule: what ends first, and of those the one that begins last.
      if let first = ends.min(by: { ($0.end, -$0.start) < ($1.end, -$1.start) }) {
        if first.start > limit {
          throw LimitOverrunError(limit: limit, consumed: first.start, place: place("readUntil"))
        }
        let bytes = input.take(first.end)
        resumeReceiving()
        return bytes
      }
      searched = max(0, input.count - longest + 1)
      if searched > limit { throw LimitOverrunError(limit: limit, consumed: searched, place: place("readUntil")) }
      if try isOver("readUntil") {
        throw IncompleteReadError(partial: input.take(input.count), expected: nil, place: place("readUntil"))
      }
      try await waitForInput(input.count + 1, "readUntil")
    }
  }

  @inline(__always)
  nonisolated(nonsending) func readLine(strippingNewline: Bool) async throws -> String? {
    try await loop.spendBudget()
    let end: Int
    do {
      end = try await waitFor([0x0a], "readLine") ?? input.count
    } catch let error as LimitOverrunError {
      dropOverlongLine(error.consumed)
      throw error
    }
    if end == 0 { return nil }
    var line = unsafe UnsafeRawBufferPointer(rebasing: input.bytes[..<end])
    if unsafe strippingNewline && line.last == 0x0a {
      unsafe line = unsafe UnsafeRawBufferPointer(rebasing: line.dropLast())
      if unsafe line.last == 0x0d { unsafe line = unsafe UnsafeRawBufferPointer(rebasing: line.dropLast()) }
    }
    let text = unsafe String(decoding: line, as: UTF8.self)
    input.drop(end)
    resumeReceiving()
    return text
  }

  /// The line is longer than the limit: it goes, as far as it has come, so that the next read doesn't meet it again.
  /// That is asyncio's rule.
  private func dropOverlongLine(_ length: Int) {
    let isWhole = unsafe length < input.count && input.bytes[length] == 0x0a
    input.drop(isWhole ? length + 1 : input.count)
    resumeReceiving()
  }

  /// Where the first separator ends; nil if the stream ends before.
  @inline(__always)
  private nonisolated(nonsending) func waitFor(_ separator: [UInt8], _ call: StaticString) async throws -> Int? {
    try beginRead(call)
    var searched = 0
    while true {
      if let end = input.endOfFirst(separator, from: searched) {
        if end > limit + separator.count {
          throw LimitOverrunError(limit: limit, consumed: end - separator.count, place: place(call))
        }
        return end
      }
      searched = max(0, input.count - separator.count + 1)
      if searched > limit { throw LimitOverrunError(limit: limit, consumed: searched, place: place(call)) }
      if try isOver(call) { return nil }
      try await waitForInput(input.count + 1, call)
    }
  }

  /// Whether there will be no more; throws if that is because the connection was lost.
  func isOver(_ call: StaticString) throws -> Bool {
    if let inputError { throw named(inputError, call) }
    return reachedEnd
  }

  /// Waits for so many bytes, or the end.
  nonisolated(nonsending) func waitForBytes(_ count: Int) async throws {
    try beginRead("withBytes")
    if count > 2 * limit && count > input.count {
      throw LimitOverrunError(limit: 2 * limit, consumed: input.count, place: place("withBytes"))
    }
    while input.count < count {
      if try isOver("withBytes") { return }
      try await waitForInput(count, "withBytes")
    }
  }
}
