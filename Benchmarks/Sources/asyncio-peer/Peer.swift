// SPDX-License-Identifier: Apache-2.0
// The library as a peer in a benchmark: a process runs one case, measures itself, and prints one line of JSON. The
// contract is in Benchmarks/README.md.

import AsyncIO
import Glibc

@main struct Peer {
  static let usage = """
    usage: asyncio-peer tasks CASE N            what tasks cost; CASE is one of \(TaskCase.allCases.map(\.rawValue).joined(separator: " "))
           asyncio-peer echo PORT               a TCP echo server on 127.0.0.1, until it is killed; port 0 is printed
           asyncio-peer udp-echo PORT           the same for datagrams
           asyncio-peer udp-echo-batch PORT     the same, as many at a time as there are
           asyncio-peer protocol-echo PORT      the same with a protocol instead of streams
           asyncio-peer tls-echo PORT CERT KEY        the same with TLS
           asyncio-peer tls-send PORT CERT KEY COUNT  a TLS server that answers a line with COUNT bytes
           asyncio-peer echo-work PORT LOOPS STEPS   the same on several loops, with thousands of STEPS of work a message
           asyncio-peer http PORT               an HTTP server on 127.0.0.1 that answers with a short text
           asyncio-peer client URL COUNT CONC   gets URL so many times, CONC requests at a time
           asyncio-peer proc COUNT CONC         runs /bin/true so many times, CONC children at a time
           asyncio-peer files DIR COUNT CONC    reads DIR/f0 and so on whole, CONC at a time
    """

  static func main() throws {
    let words = Array(CommandLine.arguments.dropFirst())
    switch words.first {
    case "tasks" where words.count == 3:
      guard let which = TaskCase(rawValue: words[1]) else { fail("there is no case \(words[1])") }
      let count = number(words[2], in: 1...100_000_000)
      let report = try EventLoop.run { try await which.measure(count) }
      report.print()
      // Exits at once: ending what the case has left on the loop is not measured, and can be 100,000 tasks.
      exit(0)
    case "echo" where words.count == 2:
      let port = number(words[1], in: 0...65_535)
      try EventLoop.run { try await serveEcho(port: UInt16(port)) }
    case "udp-echo" where words.count == 2:
      let port = number(words[1], in: 0...65_535)
      try EventLoop.run { try await serveDatagramEcho(port: UInt16(port)) }
    case "udp-echo-batch" where words.count == 2:
      let port = number(words[1], in: 0...65_535)
      try EventLoop.run { try await serveDatagramBatchEcho(port: UInt16(port)) }
    case "protocol-echo" where words.count == 2:
      let port = number(words[1], in: 0...65_535)
      try EventLoop.run { try await serveProtocolEcho(port: UInt16(port)) }
    case "tls-echo" where words.count == 4:
      let port = number(words[1], in: 0...65_535)
      try EventLoop.run { try await serveTLSEcho(port: UInt16(port), certificate: words[2], key: words[3]) }
    case "tls-send" where words.count == 5:
      let (port, count) = (number(words[1], in: 0...65_535), number(words[4], in: 0...1 << 40))
      try EventLoop.run {
        try await serveTLSBytes(port: UInt16(port), certificate: words[2], key: words[3], count: count)
      }
    case "echo-work" where words.count == 4:
      let port = number(words[1], in: 0...65_535)
      try serveWork(
        port: UInt16(port), loops: number(words[2], in: 1...64), steps: number(words[3], in: 0...10_000))
    case "http" where words.count == 2:
      let port = number(words[1], in: 0...65_535)
      try EventLoop.run { try await serveHello(port: UInt16(port)) }
    case "client" where words.count == 4:
      let (count, concurrency) = (number(words[2], in: 1...100_000_000), number(words[3], in: 1...10_000))
      try EventLoop.run { try await measureClient(words[1], count: count, concurrency: concurrency) }.print()
    case "proc" where words.count == 3:
      let (count, concurrency) = (number(words[1], in: 1...100_000_000), number(words[2], in: 1...10_000))
      try EventLoop.run { try await measureChildren(count: count, concurrency: concurrency) }.print()
    case "files" where words.count == 4:
      let (count, concurrency) = (number(words[2], in: 1...100_000_000), number(words[3], in: 1...100_000))
      try EventLoop.run { try await measureFiles(words[1], count: count, concurrency: concurrency) }.print()
    default:
      fail(usage)
    }
  }

  private static func number(_ word: String, in range: ClosedRange<Int>) -> Int {
    guard let number = Int(word), range.contains(number) else {
      fail("\(word) is not a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  private static func fail(_ message: String) -> Never {
    let line = Array((message + "\n").utf8)
    _ = write(STDERR_FILENO, line, line.count)
    exit(2)
  }
}
