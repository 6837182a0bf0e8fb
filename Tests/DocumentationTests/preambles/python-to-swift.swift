// SPDX-License-Identifier: Apache-2.0
// The surroundings of the snippets of docs/python-to-swift.md.

import AsyncIO
import AsyncIOHTTP
import AsyncIOTLS

let urls = ["http://example.com/", "http://example.org/"]
let url = urls[0]
let account = Account()
let connection = Connection()
let peer = SocketAddress("192.0.2.7", port: 443)!

var loop: EventLoop { .current }
var when: EventLoop.Instant { loop.time }
var handle: Handle { loop.callSoon {} }
var task: TaskHandle<Int> { createTask { try await work() } }
var tasks: [TaskHandle<Int>] { [task] }
let future = Future<Int>()
var limit: CancelScope { fatalError() }
let host = "example.org"
@MainActor var tls = TLSConfiguration.client()
var writer: StreamWriter { fatalError() }
var server: Server { fatalError() }
var stream: ByteStream { fatalError() }
var datagrams: DatagramSocket { fatalError() }
let descriptor: Int32 = 0
var opened: File { fatalError() }
let file: Int32 = 0
let (n, offset, count) = (4096, 0, 100)
let path = "/run/app.sock"
let address = SocketAddress.loopback(port: 8888)
let (data, pieces): ([UInt8], [[UInt8]]) = ([], [])
nonisolated(unsafe) var buffer: [UInt8] = []
var site: HTTPServer { fatalError() }
var request: HTTPServerRequest { fatalError() }
var response: HTTPServerResponse { fatalError() }
var transport: Transport { fatalError() }
var socket: RawSocket { fatalError() }
let queue = Queue<Int>(maxSize: 0)
let lock = Lock()
let event = Event()
let semaphore = Semaphore(4)
let barrier = Barrier(parties: 3)
let cron = try! CronExpression("30 3 * * *")
var scope: TaskScope { fatalError() }
var job: ScheduledJob { fatalError() }

struct Failure: Error {}

struct Connection {
  func sendGoodbye() async throws {}
}

final class DatagramEcho: DatagramProtocol {
  func datagramReceived(_ data: Span<UInt8>, from peer: SocketAddress) {}
}

final class EchoProtocol: StreamProtocol {
  func dataReceived(_ data: Span<UInt8>) {}
}

actor Account {
  func balance() async throws -> Int { 0 }
  func setBalance(_ balance: Int) async throws {}
}

func work() async throws -> Int { 0 }
func fetch(_ url: String) async throws -> String { url }
func download(_ url: String) async throws {}
func send(_ file: String) async throws {}
func suggest(_ text: String) async throws -> [String] { [] }
func readSize() async throws -> Int { 0 }
func readRest(_ size: Int) async throws {}
func loadUser() async throws -> String { "" }
func loadOrders() async throws -> [String] { [] }
func serve(_ connection: Connection) async throws {}
func respond(to request: String) async throws {}
func log(_ line: String) {}
func onShutdown(_ callback: @escaping @Sendable () -> Void) {}
