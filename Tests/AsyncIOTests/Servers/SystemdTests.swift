// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AsyncIO

@Suite("Sockets of the service manager") struct SystemdTests {
  @Test func `they are as many as the variables say, from descriptor 3 on, with their names`() {
    let sockets = ListeningSocket.parse(process: "7", count: "3", names: "web:admin", ownProcess: 7)
    #expect(
      sockets == [
        ListeningSocket(descriptor: 3, name: "web"), ListeningSocket(descriptor: 4, name: "admin"),
        ListeningSocket(descriptor: 5),
      ])
    #expect(sockets?.map(\.description) == ["descriptor 3 (web)", "descriptor 4 (admin)", "descriptor 5"])
  }

  @Test func `names may be empty or missing`() {
    #expect(ListeningSocket.parse(process: "7", count: "2", names: ":b", ownProcess: 7)?.map(\.name) == ["", "b"])
    #expect(ListeningSocket.parse(process: "7", count: "1", names: nil, ownProcess: 7)?.map(\.name) == [""])
    #expect(ListeningSocket.parse(process: "7", count: "0", names: "", ownProcess: 7) == [])
  }

  @Test(
    arguments: [
      ("8", "1"), ("", "1"), ("x", "1"), (nil, "1"), ("7", nil), ("7", ""), ("7", "-1"), ("7", "1000000000"),
    ] as [(String?, String?)])
  func `variables of another process, or that say nothing, are left alone`(process: String?, count: String?) {
    #expect(ListeningSocket.parse(process: process, count: count, names: nil, ownProcess: 7) == nil)
  }
}
