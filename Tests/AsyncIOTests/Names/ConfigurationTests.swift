// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore
import TestSupport
import Testing

@testable import AsyncIO

private func address(_ host: String, _ port: UInt16 = 0) -> SocketAddress { SocketAddress(host, port: port)! }

@Suite struct HostsFileTests {
  private let hosts = HostsFile(
    parsing: """
      # comment
      127.0.0.1\tlocalhost
      192.0.2.7   Db.Example.com   db  # the database
      2001:db8::7 db
      192.0.2.8 db
      192.0.2.7 db

      nonsense db
      192.0.2.9
      fe80::1%1 router\r
      """)

  @Test func `a name has the addresses of both families in the order of the file`() {
    #expect(hosts.addresses(of: "db") == [address("192.0.2.7"), address("2001:db8::7"), address("192.0.2.8")])
    #expect(hosts.addresses(of: "DB.example.COM.") == [address("192.0.2.7")])
    #expect(hosts.addresses(of: "nonsense").isEmpty)
  }

  @Test func `an address has its official name before its aliases`() {
    #expect(hosts.names(of: address("192.0.2.7", 443)) == ["db.example.com", "db"])
    #expect(hosts.names(of: address("192.0.2.9")).isEmpty)
  }

  @Test func `an address may have a zone`() {
    #expect(hosts.addresses(of: "router").first?.scope == 1)
    #expect(hosts.addresses(of: "router").first?.host == "fe80::1%lo")
  }
}

@Suite struct ResolverConfigurationTests {
  @Test func `every line that counts is read`() {
    let configuration = ResolverConfiguration(
      parsing: """
        ; comment
        domain first.example
        search a.example b.example
        nameserver 192.0.2.1
        nameserver 2001:db8::1
        nameserver nonsense
        options ndots:2 timeout:3 attempts:4 rotate
        options use-vc trust-ad edns0 unheard-of ndots:x no-aaaa
        """)
    #expect(configuration.servers == [address("192.0.2.1", 53), address("2001:db8::1", 53)])
    #expect(configuration.search == ["a.example", "b.example"])
    #expect(configuration.ndots == 2 && configuration.timeout == .seconds(3) && configuration.attempts == 4)
    #expect(configuration.rotates && configuration.usesTCP && configuration.skipsIPv6)
  }

  @Test func `the last of domain and search counts`() {
    #expect(ResolverConfiguration(parsing: "search a b\ndomain c").search == ["c"])
    #expect(ResolverConfiguration(parsing: "search .").search.isEmpty)
  }

  @Test func `the defaults are libc's`() {
    let configuration = ResolverConfiguration(parsing: "")
    #expect(configuration.askedServers == [address("127.0.0.1", 53)])
    #expect(configuration.ndots == 1 && configuration.timeout == .seconds(5) && configuration.attempts == 2)
    #expect(configuration.search.isEmpty && !configuration.rotates && !configuration.usesTCP)
  }

  @Test func `without a domain the host's own is searched`() {
    #expect(ResolverConfiguration(parsing: "", hostName: "web.corp.example").search == ["corp.example"])
    #expect(ResolverConfiguration(parsing: "", hostName: "web").search.isEmpty)
    #expect(ResolverConfiguration(parsing: "search x", hostName: "web.corp.example").search == ["x"])
  }

  @Test func `numbers are bounded and servers are three`() {
    let configuration = ResolverConfiguration(
      parsing: "options ndots:99 timeout:0 attempts:99\n"
        + (1...5).map { "nameserver 192.0.2.\($0)" }.joined(separator: "\n"))
    #expect(configuration.ndots == 15 && configuration.timeout == .seconds(1) && configuration.attempts == 5)
    #expect(configuration.servers.count == 3)
  }
}

@Suite struct NameServiceSwitchTests {
  @Test(
    arguments: [
      (nil, true), ("hosts: files dns", true), ("passwd: ldap\nhosts:\tfiles\tdns # usual", true),
      ("passwd: files", true),
      ("hosts: dns files", false), ("hosts: files mdns4_minimal [NOTFOUND=return] dns", false),
      ("hosts: files resolve [!UNAVAIL=return] dns", false), ("hosts: files dns myhostname", false), ("hosts:", false),
      ("hosts:files dns", true),
    ] as [(String?, Bool)])
  func `only files and then DNS is what the stub resolver does`(text: String?, isOurs: Bool) {
    #expect(NameServiceSwitch(parsing: text).isFilesThenDNS == isOurs)
  }
}

@Suite struct SystemFilesTests {
  @Test func `files are read again when they have changed but not more than once a second`() throws {
    let folder = try TemporaryFolder()
    let files = SystemFiles(
      resolvConf: folder.path("resolv.conf"), hosts: folder.path("hosts"),
      nameServiceSwitch: folder.path("nsswitch.conf"))
    try folder.write("nameserver 192.0.2.1\n", to: "resolv.conf")
    try folder.write("192.0.2.7 db\n", to: "hosts")
    let reader = SystemFilesReader(files)
    #expect(reader.refresh(now: 0))
    #expect(reader.configuration.servers == [address("192.0.2.1", 53)])
    #expect(reader.configuration.hosts.addresses(of: "db") == [address("192.0.2.7")])
    #expect(reader.isFilesThenDNS)

    try folder.write("192.0.2.8 db db2\n", to: "hosts")
    #expect(!reader.refresh(now: 999_999_999))
    #expect(reader.refresh(now: 1_000_000_000))
    #expect(reader.configuration.servers == [address("192.0.2.1", 53)])
    #expect(reader.configuration.hosts.addresses(of: "db2") == [address("192.0.2.8")])
    #expect(!reader.refresh(now: 2_000_000_000))

    try folder.write("nameserver 192.0.2.2\nnameserver 192.0.2.3\n", to: "resolv.conf")
    try folder.write("hosts: files ldap\n", to: "nsswitch.conf")
    #expect(reader.refresh(now: 3_000_000_000))
    #expect(reader.configuration.servers.count == 2)
    #expect(reader.configuration.hosts.addresses(of: "db2") == [address("192.0.2.8")])
    #expect(!reader.isFilesThenDNS)
  }

  @Test func `files that are not there mean the defaults`() {
    let reader = SystemFilesReader(
      SystemFiles(resolvConf: "/nonexistent/a", hosts: "/nonexistent/b", nameServiceSwitch: "/nonexistent/c"))
    #expect(reader.refresh(now: 0))
    #expect(reader.configuration.askedServers == [address("127.0.0.1", 53)])
    #expect(reader.isFilesThenDNS && reader.configuration.hosts.isEmpty)
  }
}
