// SPDX-License-Identifier: Apache-2.0

import AsyncIOHTTP
import Glibc

/// The URLs to fetch: each one once, in the order given.
struct URLList {
  struct Malformed {
    let text: String
    let reason: HTTPURLError.Kind
  }

  private(set) var urls: [HTTPURL] = []
  private(set) var malformed: [Malformed] = []

  init(_ texts: [String]) {
    var seen: Set<HTTPURL> = []
    for text in texts {
      do {
        let url = try HTTPURL(text)
        if seen.insert(url).inserted { urls.append(url) }
      } catch {
        malformed.append(Malformed(text: text, reason: error.kind))
      }
    }
  }

  /// The lines of a file, or of standard input for `-`, without empty ones and those that start with `#`.
  static func read(_ path: String) throws -> [String] {
    let descriptor = path == "-" ? 0 : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw unreadable(path) }
    defer { if descriptor > 0 { close(descriptor) } }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = block.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      if count < 0 { throw unreadable(path) }
      if count == 0 { break }
      bytes.append(contentsOf: block[..<count])
      if bytes.count > maximumSize {
        throw CommandFailure(.noInput, "fetch: read \(path): more than \(maximumSize.asBytes) of URLs")
      }
    }
    return bytes.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }).compactMap { line in
      let text = String(decoding: line, as: UTF8.self).trimmingBlanks
      return text.isEmpty || text.hasPrefix("#") ? nil : text
    }
  }

  private static let maximumSize = 256_000_000

  private static func unreadable(_ path: String) -> CommandFailure {
    CommandFailure(.noInput, "fetch: read \(path): \(Failure.explanation(of: errno))")
  }
}

extension String {
  fileprivate var trimmingBlanks: String {
    let start = drop { $0 == " " || $0 == "\t" }
    guard let end = start.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
    return String(start[...end])
  }
}
