// SPDX-License-Identifier: Apache-2.0
// The surroundings of the snippets in the comments of AsyncIO.

import AsyncIO
import Glibc
import Synchronization

let urls = ["http://example.com/", "http://example.org/"]
let file = "photo.jpeg"
let id = 7
let text = "swi"
let connection = Connection()
let account = Account()

struct Connection {
  func sendGoodbye() async throws {}
}

var reader: StreamReader { fatalError() }
var writer: StreamWriter { fatalError() }
var stream: ByteStream { fatalError() }
let page = Page()
let pool = ProcessPoolExecutor(maxWorkers: 2)
var transport: Transport { fatalError() }
let descriptor: Int32 = 0
var opened: File { fatalError() }
let pieces = AsyncStream<[UInt8]> { $0.finish() }
var socket: RawSocket { get throws { try RawSocket(descriptor) } }

final class DatagramEcho: DatagramProtocol {
  func datagramReceived(_ data: Span<UInt8>, from peer: SocketAddress) {}
}

final class EchoProtocol: StreamProtocol {
  func dataReceived(_ data: Span<UInt8>) {}
}

final class EchoClient: StreamProtocol {
  let message: String
  init(message: String) { self.message = message }
  func dataReceived(_ data: Span<UInt8>) {}
}

final class Asking: StreamProtocol {
  private let answer: Future<String>
  init(_ answer: Future<String>) { self.answer = answer }
  func dataReceived(_ data: Span<UInt8>) { answer.setResult(String(decoding: data, as: UTF8.self)) }
}

actor Account {
  func balance() async throws -> Int { 0 }
  func setBalance(_ balance: Int) async throws {}
}

struct Square: ProcessJob {
  let n: Int
  func run() -> Int { n * n }
}

struct Page {
  let status = 200
  let body: [UInt8] = []
}

func fetch(_ url: String) async throws -> Page { Page() }
func download(_ url: String) async throws {}
func send(_ file: String) async throws {}
func query() async throws {}
func ask() async throws -> String { "" }
func suggest(_ text: String) async throws -> [String] { [] }
func readSize() async throws -> Int { 0 }
func readRest(_ size: Int) async throws {}
func loadUser() async throws -> String { "" }
func loadUser(_ id: Int) async throws -> String { "" }
func loadOrders() async throws -> [String] { [] }
func loadOrders(of id: Int) async throws -> [String] { [] }
func serve() async throws {}
func serve(_ connection: Connection) async throws {}
func serve(_ reader: StreamReader, _ writer: StreamWriter) async throws {}
func onShutdown(_ callback: @escaping @Sendable () -> Void) {}
func onReply(_ callback: @escaping @Sendable (String) -> Void) {}
