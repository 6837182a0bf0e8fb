// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import Glibc

/// Echoes every datagram.
@MainActor func serveDatagramEcho(port: UInt16) async throws {
  let socket = try await DatagramSocket.bind(host: "127.0.0.1", port: port)
  print(socket.port)
  fflush(nil)
  var buffer: [UInt8] = []
  while true {
    let envelope = try await socket.receive(into: &buffer)
    try await socket.send(buffer, to: envelope.peer)
  }
}

/// Echoes every datagram, as many at once as have arrived.
@MainActor func serveDatagramBatchEcho(port: UInt16) async throws {
  let socket = try await DatagramSocket.bind(host: "127.0.0.1", port: port)
  print(socket.port)
  fflush(nil)
  var batch = DatagramBatch()
  while true {
    try await socket.receive(into: &batch)
    try await socket.send(&batch)
  }
}
