// SPDX-License-Identifier: Apache-2.0

/// A resource record: a name, what is known of it, and for how long.
public struct DNSRecord: Hashable, Sendable {
  public var name: DNSName
  public var dnsClass: DNSClass
  /// In seconds. As it came: more than 2,147,483,647 means 0 (RFC 2181, §8).
  public var timeToLive: UInt32
  public var data: DNSRecordData

  public init(_ name: DNSName, _ data: DNSRecordData, timeToLive: UInt32, _ dnsClass: DNSClass = .internet) {
    self.name = name
    self.dnsClass = dnsClass
    self.timeToLive = timeToLive
    self.data = data
  }

  public var type: DNSType { data.type }
}

/// What a record says.
public enum DNSRecordData: Hashable, Sendable {
  /// An IPv4 address as a number: 0x7f000001 is 127.0.0.1.
  case a(UInt32)
  /// An IPv6 address, its upper and its lower half as numbers.
  case aaaa(UInt64, UInt64)
  /// The name is another one's alias.
  case cname(DNSName)
  /// A name server of the zone.
  case ns(DNSName)
  /// The name that an address has.
  case ptr(DNSName)
  /// Where a zone begins.
  case soa(StartOfAuthority)
  /// A mail server; the lowest preference first.
  case mx(preference: UInt16, DNSName)
  /// Strings of up to 255 bytes.
  case txt([[UInt8]])
  /// Where a service is (RFC 2782).
  case srv(priority: UInt16, weight: UInt16, port: UInt16, DNSName)
  /// Anything else, as it came (RFC 3597).
  case other(DNSType, [UInt8])

  public var type: DNSType {
    switch self {
    case .a: .a
    case .aaaa: .aaaa
    case .cname: .cname
    case .ns: .ns
    case .ptr: .ptr
    case .soa: .soa
    case .mx: .mx
    case .txt: .txt
    case .srv: .srv
    case .other(let type, _): type
    }
  }
}

/// The data of an SOA record (RFC 1035, §3.3.13). Times are in seconds.
public struct StartOfAuthority: Hashable, Sendable {
  public var primaryServer: DNSName
  /// The mailbox of who is responsible, with its `@` as a dot.
  public var mailbox: DNSName
  public var serial: UInt32
  public var refresh: UInt32
  public var retry: UInt32
  public var expire: UInt32
  /// For how long a negative answer holds, if the record's own time to live isn't less (RFC 2308, §4).
  public var minimum: UInt32

  public init(
    primaryServer: DNSName, mailbox: DNSName, serial: UInt32 = 1, refresh: UInt32 = 3600, retry: UInt32 = 600,
    expire: UInt32 = 86_400, minimum: UInt32
  ) {
    self.primaryServer = primaryServer
    self.mailbox = mailbox
    self.serial = serial
    self.refresh = refresh
    self.retry = retry
    self.expire = expire
    self.minimum = minimum
  }
}
