// SPDX-License-Identifier: Apache-2.0
// Connections that are reset right after their bytes, while the loop is short of CPU: `soak resets CONNECTIONS`. Each
// handler must learn of its reset. An unguarded multishot receive of io_uring loses some in ten thousand
// (Tests/KernelFacts); one lost reset makes this fail.

import AsyncIO
import AsyncIOCore
import Glibc
import Synchronization

final class Resets: Sendable {
  /// Threads that use up the CPU, and threads that connect.
  private static let burners = 4
  private static let peers = 2
  /// How long no handler may end until the rest counts as lost. Usually microseconds pass between two ends.
  private static let patience = 10

  private let connections: Int
  private let told = Atomic<Int>(0)
  private let takenForEnds = Atomic<Int>(0)
  private let peersDone = Atomic<Int>(0)
  private let isOver = Atomic<Bool>(false)

  init(connections: Int) { self.connections = connections }

  nonisolated(nonsending) func report() async throws -> [String] {
    let server = try await startServer(host: "127.0.0.1", port: 0, options: ServerOptions(backlog: 1024)) { reader, _ in
      do {
        _ = try await reader.readToEnd()
        self.takenForEnds.add(1, ordering: .relaxed)
      } catch {
        self.told.add(1, ordering: .relaxed)
      }
    }
    let port = server.port
    for _ in 0..<Self.burners {
      startThread(name: "burner") { while !self.isOver.load(ordering: .relaxed) {} }
    }
    for index in 0..<Self.peers {
      let count = (connections + index) / Self.peers
      startThread(name: "peer") {
        self.connectAndReset(count, port: port)
        self.peersDone.add(1, ordering: .relaxed)
      }
    }
    // The server never sees a connection that finds the backlog full.
    var (accepted, ended, still) = (0, 0, 0)
    while (!isDone || ended < accepted) && still < Self.patience {
      try await sleep(.seconds(1))
      let now = told.load(ordering: .relaxed) + takenForEnds.load(ordering: .relaxed)
      still = now == ended ? still + 1 : 0
      ended = now
      accepted = try await server.statistics.accepted
    }
    isOver.store(true, ordering: .relaxed)
    server.close()
    server.abortClients()
    try await server.waitClosed()
    let wrong = takenForEnds.load(ordering: .relaxed)
    let summary =
      "\(accepted) of \(connections) connections: \(accepted - ended) resets were lost, \(wrong) were taken for an end"
    let isFine = isDone && ended == accepted && accepted > connections / 2 && wrong == 0
    return [summary, isFine ? "nothing was lost, doubled or left behind" : "FAILED"]
  }

  private var isDone: Bool { peersDone.load(ordering: .relaxed) == Self.peers }

  private func connectAndReset(_ count: Int, port: UInt16) {
    for _ in 0..<count where !isOver.load(ordering: .relaxed) {
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      precondition(descriptor >= 0, "socket: errno \(errno)")
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      let connected = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      precondition(connected == 0, "connect: errno \(errno)")
      var linger = linger(l_onoff: 1, l_linger: 0)
      setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
      _ = send(descriptor, "abcd", 4, Int32(MSG_NOSIGNAL))
      close(descriptor)
    }
  }
}
