// SPDX-License-Identifier: Apache-2.0

// A failure to write to standard output is stored and reported at the end (`outputFailure`), like in coreutils. So a
// run that stores pages in a folder continues when its list can't be written, and never ends with 0 after losing
// output.

import Glibc
import Synchronization

/// Standard output and standard error, each line in one system call.
enum Terminal {
  private static let outputError = Atomic<Int32>(0)
  /// The longest line on standard error: a URL can be as long as the list that contains it.
  private static let longestLine = 1_000

  /// Why output is missing from standard output; nil if it is complete.
  static var outputFailure: CommandFailure? {
    let code = outputError.load(ordering: .relaxed)
    if code == 0 { return nil }
    return CommandFailure(.outputLost, "write standard output: \(Failure.explanation(of: code))")
  }

  /// Opens /dev/null for standard descriptors that are closed. Otherwise the next socket would get their numbers, and
  /// printed text would go to a server. The file is opened in the wrong direction, so that using it fails.
  static func occupyClosedDescriptors() {
    for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) < 0 {
      _ = open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY)
    }
  }

  static let outputIsTerminal = isatty(1) == 1
  static let errorIsTerminal = isatty(2) == 1

  static func print(_ line: String) { write(line + "\n", to: 1) }

  /// Prints one line on standard error, whatever the text contains.
  static func complain(_ text: String) {
    var line = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
    // The subject is at the beginning, the reason at the end.
    if line.count > longestLine { line = "\(line.prefix(longestLine / 2))...\(line.suffix(longestLine / 2))" }
    write("aio: \(line)\n", to: 2)
  }

  static func write(_ text: String, to descriptor: Int32) {
    var text = text
    text.withUTF8 { write(UnsafeRawBufferPointer($0), to: descriptor) }
  }

  /// Writes all bytes, even to a pipe that takes them in parts or is full at first.
  static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) {
    var rest = bytes
    while !rest.isEmpty {
      let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
      if count < 0 {
        let code = errno
        if code == EINTR { continue }
        if code == EAGAIN {
          // Another process that shares the descriptor made it non-blocking.
          var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          _ = poll(&wanted, 1, -1)
          continue
        }
        if descriptor == 1 { outputError.store(code, ordering: .relaxed) }
        return
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }
}
