// SPDX-License-Identifier: Apache-2.0
// Descriptors and sockets that the program brings: addReader and its kin, RawSocket.

import AsyncIO
import Glibc

@MainActor func watching(_ area: Area) {
  area.scenario("removing_says_whether_there_was_one") { log in
    let (loop, sockets) = (EventLoop.current, Sockets())
    log("before: \(python(loop.removeReader(sockets.near))) \(python(loop.removeWriter(sockets.near)))")
    try loop.addReader(sockets.near) { log("read") }
    log("writer: \(python(loop.removeWriter(sockets.near)))")
    log("reader: \(python(loop.removeReader(sockets.near)))")
    log("again: \(python(loop.removeReader(sockets.near)))")
    sockets.send("x")
    try await settle()
    log("over")
  }

  area.scenario("adding_a_reader_again_replaces_it") { log in
    let (loop, sockets) = (EventLoop.current, Sockets())
    try loop.addReader(sockets.near) { log("first \(sockets.receive(10))") }
    try loop.addReader(sockets.near) { log("second \(sockets.receive(10))") }
    sockets.send("x")
    try await settle()
    log("\(python(loop.removeReader(sockets.near))) \(python(loop.removeReader(sockets.near)))")
  }

  area.scenario("a_reader_is_called_while_there_is_something_to_read") { log in
    let (loop, sockets) = (EventLoop.current, Sockets())
    try loop.addReader(sockets.near) { log("read \(sockets.receive(1))") }
    sockets.send("abc")
    try await settle()
    sockets.send("d")
    try await settle()
    loop.removeReader(sockets.near)
    sockets.send("e")
    try await settle()
  }

  area.scenario("a_reader_hears_of_the_end") { log in
    let (loop, sockets) = (EventLoop.current, Sockets())
    try loop.addReader(sockets.near) {
      log("read \(sockets.receive(10).count) bytes")
      loop.removeReader(sockets.near)
    }
    shutdown(sockets.far, Int32(SHUT_WR))
    try await settle()
  }

  area.scenario("a_reader_and_a_writer_share_a_descriptor") { log in
    let (loop, sockets) = (EventLoop.current, Sockets())
    sockets.send("x")
    try loop.addReader(sockets.near) { log("reader \(sockets.receive(10))") }
    try loop.addWriter(sockets.near) {
      log("writer")
      loop.removeWriter(sockets.near)
    }
    try await settle()
    sockets.send("y")
    try await settle()
    log("\(python(loop.removeReader(sockets.near))) \(python(loop.removeWriter(sockets.near)))")
  }

  area.scenario("a_reader_that_replaces_itself") { log in
    let (loop, sockets) = (EventLoop.current, Sockets())
    try loop.addReader(sockets.near) {
      log("first \(sockets.receive(1))")
      try? loop.addReader(sockets.near) {
        log("second \(sockets.receive(1))")
        loop.removeReader(sockets.near)
      }
    }
    sockets.send("abc")
    try await settle()
  }

  area.scenario("a_file_cannot_be_watched") { log in
    let file = open("/proc/self/exe", O_RDONLY)
    do { try EventLoop.current.addReader(file) { log("read") } } catch let error as SystemError { log(error.code.name) }
    close(file)
    do { try EventLoop.current.addReader(file) { log("read") } } catch let error as SystemError { log(error.code.name) }
  }

  area.scenario("a_socket_receives_what_is_there_and_what_comes") { log in
    let sockets = Sockets()
    let near = try RawSocket(sockets.near)
    sockets.send("there")
    log(text(try await near.receive(upTo: 3)))
    log(text(try await near.receive(upTo: 3)))
    let task = createTask { try await near.receive(upTo: 10) }
    try await rest()
    sockets.send("later")
    log(text(try await task.value))
    sockets.closeFar()
    log("\(try await near.receive(upTo: 10).count) bytes")
  }

  area.scenario("a_cancelled_receive_loses_nothing") { log in
    let sockets = Sockets()
    let near = try RawSocket(sockets.near)
    let task = createTask { try await near.receive(upTo: 10) }
    try await rest()
    task.cancel()
    do { _ = try await task.value } catch is CancellationError { log("cancelled") }
    sockets.send("kept")
    log(text(try await near.receive(upTo: 10)))
    log(python(EventLoop.current.removeReader(sockets.near)))
  }

  area.scenario("a_listening_socket_accepts") { log in
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    listen(listener, 5)  // at a port that the system chooses, on every interface
    let listening = try RawSocket(listener)
    let task = createTask { try await listening.accept() }
    try await rest()
    let client = try RawSocket(socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0))
    try await client.connect(to: .loopback(port: port(of: listener)))
    let (accepted, peer) = try await task.value
    let blocks = fcntl(accepted.descriptor, F_GETFL) & O_NONBLOCK == 0
    log("\(peer?.host ?? "nobody") \(blocks ? "None" : "0.0")")
    try await client.sendAll(Array("ping".utf8))
    log(text(try await accepted.receive(upTo: 10)))
    for descriptor in [listener, client.descriptor, accepted.descriptor] { close(descriptor) }
  }

  area.scenario("a_file_is_sent") { log in
    let sockets = Sockets()
    let file = open("/proc/self/exe", O_RDONLY)
    log("sent \(try await RawSocket(sockets.near).sendFile(file, offset: 1, count: 3))")
    log("position \(lseek(file, 0, SEEK_CUR))")
    log("received \(text(try await RawSocket(sockets.far).receive(upTo: 10)))")
    close(file)
  }
}

private func port(of listener: Int32) -> UInt16 {
  var address = sockaddr_in()
  var length = socklen_t(MemoryLayout<sockaddr_in>.size)
  withUnsafeMutablePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(listener, $0, &length) }
  }
  return UInt16(bigEndian: address.sin_port)
}
