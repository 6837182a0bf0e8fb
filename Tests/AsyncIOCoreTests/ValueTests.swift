// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Testing

@testable import AsyncIOCore

@Suite struct ValueTests {
  @Test(
    arguments: [
      ("127.0.0.1", 8080, "127.0.0.1:8080"), ("0.0.0.0", 0, "0.0.0.0:0"),
      ("255.255.255.255", 65535, "255.255.255.255:65535"),
      ("::1", 80, "[::1]:80"), ("::", 1, "[::]:1"), ("2001:DB8:0:0::1", 443, "[2001:db8::1]:443"),
      ("::ffff:10.0.0.1", 5, "[::ffff:10.0.0.1]:5"), ("fe80::1%lo", 80, "[fe80::1%lo]:80"),
      ("FF02::FB%4000000000", 5353, "[ff02::fb%4000000000]:5353"), ("fe80::1%0", 80, "[fe80::1]:80"),
    ] as [(String, UInt16, String)])
  func `a numeric address is read, printed, and survives the kernel's form`(
    host: String, port: UInt16, text: String
  ) throws {
    let address = try #require(SocketAddress(host, port: port))
    #expect(address.description == text)
    #expect(address.family == (host.contains(":") ? .ipv6 : .ipv4))
    let (storage, length) = address.storage
    #expect(length == (address.family == .ipv4 ? 16 : 28))
    #expect(SocketAddress(storage) == address)
    #expect(SocketAddress(address.host, port: port) == address)
  }

  @Test(
    arguments: [
      "", "localhost", "127.0.0.1:80", "[::1]", "256.0.0.1", "1.2.3", "::1::", " 127.0.0.1",
      "127.0.0.1\0.example.org", "::1\0", "fe80::1%", "%lo", "fe80::1%nosuchzone", "127.0.0.1%lo", "fe80::1%lo%lo",
      "fe80::1%-1", "fe80::1%+1", "fe80::1%4294967296", "fe80::1%lo\0", "fe80::1% 1", "fe80::1%١",
    ])
  func `what is not a numeric address is refused`(host: String) {
    #expect(SocketAddress(host, port: 1) == nil)
  }

  @Test func `a zone is an interface's name or its number, and prints as its name`() throws {
    let index = if_nametoindex("lo")
    let address = try #require(SocketAddress("fe80::1%\(index)", port: 80))
    #expect(address.scope == index && address.host == "fe80::1%lo")
    #expect(address == SocketAddress("fe80::1%lo", port: 80))
    #expect(address != SocketAddress("fe80::1", port: 80))
    #expect(SocketAddress.withoutZone("fe80::1%lo") == "fe80::1")
    for host in ["127.0.0.1", "fe80::1", "example.org", "a%lo"] { #expect(SocketAddress.withoutZone(host) == host) }
  }

  @Test func `an address of another family is not one of ours`() {
    var storage = sockaddr_storage()
    storage.ss_family = sa_family_t(AF_NETLINK)
    #expect(SocketAddress(storage) == nil)
  }

  @Test func `loopback is 127.0.0.1`() {
    #expect(SocketAddress.loopback(port: 9) == SocketAddress("127.0.0.1", port: 9))
  }

  @Test func `a failed system call is described by operation, object and reason`() {
    let refused = SystemError("connect", "127.0.0.1:9", code: .connectionRefused)
    #expect(refused.description == "connect 127.0.0.1:9: connection refused (ECONNREFUSED)")
    #expect(SystemError("epoll_wait", result: Int32(-EBADF)).description == "epoll_wait: bad file descriptor (EBADF)")
    #expect(SystemError("read", "/tmp", result: -99999).description == "read /tmp: unknown error (errno 99999)")
  }

  @Test(
    arguments: [
      (.zero, 0), (.nanoseconds(-1), -1), (.milliseconds(-1500), -1_500_000_000), (.seconds(3), 3_000_000_000),
      (.nanoseconds(Int64.max), .max), (.nanoseconds(Int64.min), .min), (.seconds(Int64.max), .max),
      (.seconds(Int64.min), .min), (.nanoseconds(Int64.max) + .nanoseconds(1), .max),
      (.nanoseconds(Int64.min) - .nanoseconds(1), .min),
      (Duration(secondsComponent: 9_223_372_036, attosecondsComponent: 999_999_999_000_000_000), .max),
      (Duration(secondsComponent: 0, attosecondsComponent: 999_999_999), 0),
      (Duration(attoseconds: .max), .max), (Duration(attoseconds: .min), .min), (.seconds(1e19), .max),
      (.seconds(-1e19), .min), (.seconds(-10), -10_000_000_000), (.milliseconds(12_345), 12_345_000_000),
      (Duration(attoseconds: -9_300_000_000_999_999_999), -9_300_000_000),
    ] as [(Duration, Int64)])
  func `a duration in nanoseconds stops at the ends of what fits`(duration: Duration, nanoseconds: Int64) {
    #expect(duration.clampedNanoseconds == nanoseconds)
  }

  @Test func `an instant advanced beyond the clock stays at its end`() {
    #expect(EventLoop.Instant(nanoseconds: 5).advanced(by: .seconds(Int64.max)).nanoseconds == .max)
    #expect(EventLoop.Instant(nanoseconds: 5).advanced(by: .nanoseconds(7)).nanoseconds == 12)
    #expect(EventLoop.Instant(nanoseconds: 5).duration(to: EventLoop.Instant(nanoseconds: 3)) == .nanoseconds(-2))
    #expect(EventLoop.Instant(nanoseconds: -5).advanced(by: .seconds(Int64.min)).nanoseconds == .min)
  }

  @Test func `between the first and the last instant there is a duration`() {
    let (first, last) = (EventLoop.Instant(nanoseconds: .min), EventLoop.Instant(nanoseconds: .max))
    let whole = Duration.nanoseconds(Int64.max) + .nanoseconds(Int64.max) + .nanoseconds(1)
    #expect(first.duration(to: last) == whole && last - first == whole && first - last == .zero - whole)
    #expect(last.duration(to: last) == .zero)
  }

  @Test func `an instant has the arithmetic of the standard library's clocks`() {
    let start = EventLoop.Instant(nanoseconds: 5)
    #expect(start + .nanoseconds(2) == EventLoop.Instant(nanoseconds: 7))
    #expect(start - .nanoseconds(7) == EventLoop.Instant(nanoseconds: -2))
    #expect(start + .seconds(1) - start == .seconds(1))
    var instant = start
    instant += .seconds(2)
    instant -= .seconds(1)
    #expect(instant == start.advanced(by: .seconds(1)))
    #expect((start - Duration(attoseconds: .min)).nanoseconds == .max)
    #expect((start - Duration(attoseconds: .max)).nanoseconds == .min + 6)
    #expect((EventLoop.Instant(nanoseconds: -5) - Duration(attoseconds: .max)).nanoseconds == .min)
  }

  @Test func `a seed's numbers are those of SplitMix64`() {
    var random = SeededRandom(seed: 1_234_567)
    #expect(
      (0..<3).map { _ in random.next() } == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
      ])
  }
}
