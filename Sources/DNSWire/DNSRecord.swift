// SPDX-License-Identifier: Apache-2.0

/// A resource record: a name, its data, and how long they may be cached.
public struct DNSRecord: Hashable, Sendable {
  /// The name that the record belongs to.
  public var name: DNSName
  /// The record's class.
  public var dnsClass: DNSClass
  /// How long the record may be cached, in seconds, as it came. More than 2,147,483,647 means 0 (RFC 2181, §8).
  public var timeToLive: UInt32
  /// The record's content.
  public var data: DNSRecordData

  /// A record of a name.
  public init(_ name: DNSName, _ data: DNSRecordData, timeToLive: UInt32, _ dnsClass: DNSClass = .internet) {
    self.name = name
    self.dnsClass = dnsClass
    self.timeToLive = timeToLive
    self.data = data
  }

  /// The record's type, which follows from its data.
  public var type: DNSType { data.type }
}

/// The content of a record.
public enum DNSRecordData: Hashable, Sendable {
  /// An IPv4 address as a number: 0x7f000001 is 127.0.0.1.
  case a(UInt32)
  /// An IPv6 address, its upper and its lower half as numbers.
  case aaaa(UInt64, UInt64)
  /// The name that this name is an alias for.
  case cname(DNSName)
  /// A name server of the zone.
  case ns(DNSName)
  /// The name of an address.
  case ptr(DNSName)
  /// The start of a zone.
  case soa(StartOfAuthority)
  /// A mail server; the lowest preference comes first.
  case mx(preference: UInt16, DNSName)
  /// Strings of up to 255 bytes.
  case txt([[UInt8]])
  /// The location of a service (RFC 2782).
  case srv(priority: UInt16, weight: UInt16, port: UInt16, DNSName)
  /// The data of any other type, as it came (RFC 3597).
  case other(DNSType, [UInt8])

  /// The type of the record.
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
  /// The name of the zone's primary server.
  public var primaryServer: DNSName
  /// The mailbox of the person responsible, with a dot in place of its `@`.
  public var mailbox: DNSName
  /// The version of the zone.
  public var serial: UInt32
  /// How often secondary servers check the zone.
  public var refresh: UInt32
  /// How long secondary servers wait after a failed check.
  public var retry: UInt32
  /// How long secondary servers use the zone without a successful check.
  public var expire: UInt32
  /// How long negative answers are cached, unless the record's own time to live is less (RFC 2308, §4).
  public var minimum: UInt32

  /// The data of an SOA record.
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
