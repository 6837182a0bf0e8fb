// SPDX-License-Identifier: Apache-2.0
// What passes between a test and a program that it has started.

import Glibc

extension TestProgram {
  // MARK: - Line by line

  /// Waits for the next line; nil at the end. Blocks its thread.
  public func readLine() -> String? {
    while true {
      if let end = unread.firstIndex(of: 0x0a) {
        let line = String(decoding: unread[..<end], as: UTF8.self)
        unread.removeSubrange(...end)
        return line
      }
      guard Self.read(output, into: &unread) else {
        defer { unread = [] }
        return unread.isEmpty ? nil : String(decoding: unread, as: UTF8.self)
      }
    }
  }

  /// The remaining lines, to the end of the output. Blocks its thread.
  public func lines() -> [String] {
    var lines: [String] = []
    while let line = readLine() { lines.append(line) }
    return lines
  }

  /// The next line, read on a thread of its own; empty at the end.
  public func line() async -> String { await onThread { self.readLine() ?? "" } }

  /// Sends a text to its standard input, which the program has to read meanwhile. Blocks its thread.
  public func write(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(input, $0.baseAddress, $0.count) }
      if count < 0 && errno != EINTR { return }
      rest = rest.dropFirst(max(0, count))
    }
  }

  public func closeInput() {
    if input >= 0 { close(input) }
    input = -1
  }

  /// Appends what is there, or comes next; false at the end.
  private static func read(_ descriptor: Int32, into bytes: inout [UInt8]) -> Bool {
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(descriptor, &piece, piece.count)
      if count > 0 { bytes += piece[..<count] }
      if count >= 0 || errno != EINTR { return count > 0 }
    }
  }

  // MARK: - To the end

  /// What a program has said, and how it ended.
  public struct Result: Sendable {
    public let output: String
    /// Empty, unless they were `collected`.
    public let errors: String
    /// The exit status, or the negated signal that ended it.
    public let status: Int32

    public var lines: [String] {
      var lines = output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      if lines.last == "" { lines.removeLast() }
      return lines
    }

    /// How it failed, in words; nil for status 0.
    public var failure: String? {
      if status == 0 { return nil }
      return status > 0 ? "exited with status \(status)" : "was ended by signal \(-status)"
    }
  }

  /// Sends the text and the end of the input, then takes the remaining output, and waits for the end. All pipes are
  /// served at once, so none that is full holds up another. Blocks its thread.
  @discardableResult
  public func finish(sending text: String = "") -> Result {
    var (rest, output, errors) = (Array(text.utf8)[...], unread, [UInt8]())
    unread = []
    if input >= 0 { _ = fcntl(input, F_SETFL, O_NONBLOCK) }
    var (outputIsOpen, errorsAreOpen) = (self.output >= 0, self.errors >= 0)
    while input >= 0 || outputIsOpen || errorsAreOpen {
      if rest.isEmpty { closeInput() }
      // poll(2) passes over the negative ones.
      var polled = [
        pollfd(fd: input, events: Int16(POLLOUT), revents: 0),
        pollfd(fd: outputIsOpen ? self.output : -1, events: Int16(POLLIN), revents: 0),
        pollfd(fd: errorsAreOpen ? self.errors : -1, events: Int16(POLLIN), revents: 0),
      ]
      if polled.allSatisfy({ $0.fd < 0 }) { break }
      guard poll(&polled, 3, -1) > 0 else { continue }
      if polled[0].revents != 0 {
        let count = rest.withUnsafeBytes { Glibc.write(input, $0.baseAddress, $0.count) }
        if count >= 0 { rest = rest.dropFirst(count) } else if errno != EINTR && errno != EAGAIN { rest = [] }
      }
      if polled[1].revents != 0 { outputIsOpen = Self.read(self.output, into: &output) }
      if polled[2].revents != 0 { errorsAreOpen = Self.read(self.errors, into: &errors) }
    }
    return Result(
      output: String(decoding: output, as: UTF8.self), errors: String(decoding: errors, as: UTF8.self), status: wait())
  }

  /// Starts a program and takes its output to the end, on a thread of its own.
  public static func run(
    _ name: String, _ arguments: [String] = [], environment: [String: String] = [:], input: String? = nil,
    errors: Errors = .withOutput
  ) async throws -> Result {
    let program = try TestProgram(
      name, arguments, environment: environment, input: input == nil ? .none : .pipe, errors: errors)
    return await onThread { program.finish(sending: input ?? "") }
  }
}
