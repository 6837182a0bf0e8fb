// SPDX-License-Identifier: Apache-2.0

import AsyncIO
import AsyncIOTesting
import Glibc
import Testing

@Suite("Groups of hosts, and broadcast", .timeLimit(.minutes(1))) struct MulticastTests {
  struct Family: Sendable, CustomTestStringConvertible {
    let everywhere: String
    let group: String
    var testDescription: String { group }
  }

  static let families = [
    Family(everywhere: "0.0.0.0", group: "239.192.7.7"), Family(everywhere: "::", group: "ff12::7:7"),
  ]

  @Test(arguments: BackendKind.conforming, families)
  func `every member hears what is sent to the group`(backend: BackendKind, family: Family) async throws {
    try await withEventLoop(backend: backend) {
      var options = DatagramOptions()
      options.reuseAddress = true
      options.multicastInterface = .loopback
      options.multicastTimeToLive = 1
      options.multicastLoopback = true
      options.receivesDestination = true
      let first = try await DatagramSocket.bind(host: family.everywhere, port: 0, options: options)
      let port = first.port
      let second = try await DatagramSocket.bind(host: family.everywhere, port: port, options: options)
      let stranger = try await DatagramSocket.bind(host: family.everywhere, port: port, options: options)
      let group = SocketAddress(family.group, port: port)!
      #expect(group.isMulticast)
      try await first.join(group: group, on: .loopback)
      try await second.join(group: group, on: .loopback)
      try await stranger.join(group: SocketAddress(family.group + "7", port: 0)!, on: .loopback)
      let sender = try await DatagramSocket.bind(host: family.everywhere, port: 0, options: options)
      do {
        try await sender.send("to all", to: group)
      } catch let error as SystemError where error.code == .networkUnreachable && backend != .virtual {
        // A loopback interface may lack a route for IPv6 groups: then only joining and leaving is tested.
        try #require(group.family == .ipv6)
        try await second.leave(group: group, on: .loopback)
        for socket in [first, second, stranger, sender] { socket.close() }
        return
      }
      for member in [first, second] {
        let datagram = try await member.receive()
        #expect(datagram.bytes == Array("to all".utf8))
        #expect(datagram.peer.port == sender.port)
        #expect(datagram.envelope.destination == group)
      }
      try await second.leave(group: group, on: .loopback)
      try await sender.send("to fewer", to: group)
      #expect(try await first.receive().bytes == Array("to fewer".utf8))
      #expect(second.statistics.received == 1 && stranger.statistics.received == 0)
      for socket in [first, second, stranger, sender] { socket.close() }
    }
  }

  @Test(arguments: BackendKind.conforming)
  func `a task that can't join or leave is told why`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      let socket = try await DatagramSocket.bind(host: "0.0.0.0", port: 0)
      let group = SocketAddress("239.192.7.8", port: 0)!
      try await socket.join(group: group, on: .loopback)
      let twice = await #expect(throws: SystemError.self) { try await socket.join(group: group, on: .loopback) }
      #expect(twice?.code == .addressInUse)
      try await socket.leave(group: group, on: .loopback)
      let gone = await #expect(throws: SystemError.self) { try await socket.leave(group: group, on: .loopback) }
      #expect(gone?.code.name == "EADDRNOTAVAIL")
      #expect(gone?.operation == "leave" && gone?.object == "239.192.7.8 on lo")
      let noGroup = SocketAddress("10.1.2.3", port: 0)!
      let wrong = await #expect(throws: SystemError.self) { try await socket.join(group: noGroup, on: .loopback) }
      #expect(wrong?.code.name == "EINVAL")
      socket.close()
    }
  }

  @Test func `interfaces have names`() {
    #expect(NetworkInterface("lo") == .loopback)
    #expect("\(NetworkInterface.loopback)" == "lo" && "\(NetworkInterface.any)" == "any interface")
    #expect(NetworkInterface("nosuch0") == nil)
    #expect("\(NetworkInterface(index: 4_000_000))" == "interface 4000000")
  }

  @Test(arguments: BackendKind.conforming)
  func `a broadcast reaches every socket at the port`(backend: BackendKind) async throws {
    try await withEventLoop(backend: backend) {
      var options = DatagramOptions()
      options.reuseAddress = true
      options.allowsBroadcast = true
      let first = try await DatagramSocket.bind(host: "0.0.0.0", port: 0, options: options)
      let second = try await DatagramSocket.bind(host: "0.0.0.0", port: first.port, options: options)
      let sender = try await DatagramSocket.bind(host: "127.0.0.1", port: 0, options: options)
      // The broadcast address of the loopback interface, on a kernel, which lacks 255.255.255.255.
      let everybody = SocketAddress(backend == .virtual ? "255.255.255.255" : "127.255.255.255", port: first.port)!
      try await sender.send("hear", to: everybody)
      for socket in [first, second] { #expect(try await socket.receive().bytes == Array("hear".utf8)) }
      for socket in [first, second, sender] { socket.close() }
    }
  }
}
