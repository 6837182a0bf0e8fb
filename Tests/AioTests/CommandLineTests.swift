// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The messages and exit statuses of `aio` for wrong input.
@Suite("aio: the command line", .timeLimit(.minutes(1))) struct CommandLineTests {
  struct Wrong: Sendable, CustomTestStringConvertible {
    let arguments: [String]
    let line: String
    let status: Int32
    var testDescription: String { arguments.joined(separator: " ") }

    init(_ arguments: String, _ line: String, _ status: Int32) {
      self.arguments = arguments.split(separator: " ").map(String.init)
      self.line = line
      self.status = status
    }
  }

  static let wrong = [
    Wrong("frob", "aio: Unexpected argument 'frob'", 64),
    Wrong("fetch", "aio: fetch: nothing to fetch; name a URL or --from a file", 64),
    Wrong("fetch --bogus", "aio: Unknown option '--bogus'", 64),
    Wrong("fetch --retries", "aio: Missing value for '--retries <n>'", 64),
    Wrong("fetch -c0 http://127.0.0.1/", "aio: fetch: -c 0: must be a number from 1 to 10000", 64),
    Wrong(
      "fetch --timeout=-1 http://127.0.0.1/",
      "aio: fetch: --timeout -1.0: must be in seconds, more than 0 and at most 86400", 64),
    Wrong("fetch --retries -1 http://127.0.0.1/", "aio: fetch: --retries -1: must be a number from 0 to 100", 64),
    Wrong("fetch -c 9 -c 0 http://127.0.0.1/", "aio: fetch: -c 0: must be a number from 1 to 10000", 64),
    Wrong("fetch -- -c", "aio: \"-c\": there is no scheme such as https://", 64),
    Wrong("demo twice", "aio: Unexpected argument 'twice'", 64),
    Wrong("help frob", "aio: Unexpected argument 'frob'", 64),
    Wrong("--bogus", "aio: Unknown option '--bogus'", 64),
    Wrong("fetch -c x http://127.0.0.1/", "aio: The value 'x' is invalid for '-c <n>'", 64),
    Wrong("fetch -c 0 http://127.0.0.1/", "aio: fetch: -c 0: must be a number from 1 to 10000", 64),
    Wrong(
      "fetch --timeout 0 http://127.0.0.1/",
      "aio: fetch: --timeout 0.0: must be in seconds, more than 0 and at most 86400", 64),
    Wrong("fetch nonsense", "aio: \"nonsense\": there is no scheme such as https://", 64),
    Wrong(
      "fetch --from /nonexistent/list", "aio: fetch: read /nonexistent/list: no such file or directory (ENOENT)", 66),
    Wrong("fetch --from /", "aio: fetch: read /: is a directory (EISDIR)", 66),
    Wrong(
      "fetch -o /dev/null/pages http://127.0.0.1/", "aio: fetch: create /dev/null/pages: not a directory (ENOTDIR)", 73),
  ]

  @Test(arguments: wrong)
  func `a wrong one gets one line and its status`(wrong: Wrong) async throws {
    let result = try await Aio(wrong.arguments).finish()
    #expect(result.errors == wrong.line + "\n")
    #expect(result.status == wrong.status)
    // With an output folder or a list there may be a summary, but never other output.
    #expect(result.output == "")
  }

  @Test func `an unknown backend is named`() async throws {
    let result = try await Aio.run("demo", environment: ["AIO_BACKEND": "kqueue"])
    #expect(result.errors == "aio: AIO_BACKEND=kqueue: no such backend; it is io_uring or epoll\n")
    #expect(result.status == 64)
  }

  @Test func `the version and the help go to standard output`() async throws {
    let version = try await Aio.run("--version")
    #expect(version.output.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
    #expect(version.status == 0 && version.errors == "")
    for arguments in [[], ["--help"], ["fetch", "--help"], ["fetch", "a", "-h"], ["help", "demo"], ["help"]] {
      let help = try await Aio(arguments).finish()
      #expect(help.output.contains("USAGE: aio"))
      #expect(help.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
      #expect(help.status == 0 && help.errors == "")
    }
  }

  @Test(arguments: ["epoll", ""])
  func `the demonstration fetches its site both ways`(backend: String) async throws {
    let result = try await Aio.run("demo", environment: backend.isEmpty ? [:] : ["AIO_BACKEND": backend])
    #expect(result.output.contains("one after another     25 pages in"))
    #expect(result.output.contains("extrapolated to 1,000"))
    #expect(result.output.contains("concurrently       1,000 pages in"))
    #expect(result.errors == "")
    #expect(result.status == 0)
  }
}
