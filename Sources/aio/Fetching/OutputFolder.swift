// SPDX-License-Identifier: Apache-2.0
// A page gets its name when it is complete. Until then it is a file that begins with `.part-`.

import AsyncIOHTTP
import Glibc

/// The destination of bodies.
enum PageOutput {
  case none
  case standardOutput
  case folder(OutputFolder)
}

struct OutputFolder {
  private let path: String

  /// Makes the folder and those above it if they don't exist.
  ///
  /// - Throws: `CommandFailure` unless a file can be created in it.
  init(_ path: String) throws {
    self.path = path
    var end = path.startIndex
    while end < path.endIndex {
      end = path[path.index(after: end)...].firstIndex(of: "/") ?? path.endIndex
      if mkdir(String(path[..<end]), 0o777) != 0 && errno != EEXIST && end == path.endIndex { throw failure() }
    }
    let probe = "\(path)/.part-probe-\(getpid())"
    let descriptor = open(probe, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw failure() }
    close(descriptor)
    unlink(probe)
  }

  private func failure() -> CommandFailure {
    CommandFailure(.cannotCreate, "fetch: create \(path): \(Failure.explanation(of: errno))")
  }

  /// Begins to store a page.
  func begin(_ url: HTTPURL) throws -> PageFile {
    let name = PageName.name(of: url)
    return try PageFile(temporary: "\(path)/.part-\(name)", final: "\(path)/\(name)")
  }
}

/// A page that is being stored; it is removed unless it is finished.
struct PageFile: ~Copyable {
  private let descriptor: Int32
  private let temporary: String
  private let final: String

  init(temporary: String, final: String) throws {
    self.temporary = temporary
    self.final = final
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o666)
    if descriptor < 0 { throw FileFailure("create \(final)", errno) }
  }

  deinit {
    close(descriptor)
    // Fails harmlessly if the file was finished.
    unlink(temporary)
  }

  func write(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { buffer in
      var rest = buffer
      while !rest.isEmpty {
        let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
        if count < 0 && errno == EINTR { continue }
        if count < 0 { throw FileFailure("write \(final)", errno) }
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      }
    }
  }

  /// Gives the page its name, in place of an older one.
  func finish() throws {
    if rename(temporary, final) != 0 { throw FileFailure("create \(final)", errno) }
  }
}

struct FileFailure: Error, CustomStringConvertible {
  let description: String

  init(_ operation: String, _ code: Int32) { description = "\(operation): \(Failure.explanation(of: code))" }
}
