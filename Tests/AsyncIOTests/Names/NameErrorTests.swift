// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AsyncIO

@Suite("Errors of names") struct NameErrorTests {
  @Test func `what is not a name stands in quotes, and stays within its line`() {
    let empty = NameError(host: "", .malformed("it is empty"))
    #expect("\(empty)" == "resolve \"\": not a host name: it is empty")
    let lines = NameError(host: "a\nb", .malformed("it has a character that host names can't have"))
    #expect("\(lines)" == "resolve \"a\\nb\": not a host name: it has a character that host names can't have")
    let evil = NameError(host: "192.0.2.7", .unacceptableName("evil'<b>.example"))
    #expect("\(evil)" == "resolve 192.0.2.7: leads to \"evil\\'<b>.example\", which is not a host name")
    #expect("\(NameError(host: "example.com", .notFound))" == "resolve example.com: no such name")
  }
}
