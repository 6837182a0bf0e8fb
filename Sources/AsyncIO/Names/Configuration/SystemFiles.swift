// SPDX-License-Identifier: Apache-2.0
// The machine's own configuration, read anew when a file has changed: a laptop changes its network, a container gets its
// hosts after its start. The files are looked at once a second at most, and read where they are asked for, on the loop:
// they are small and in the kernel's cache, and libc does the same within each look-up. What can block for long, a
// hosts file of megabytes, is a machine's own choice; it is read once.

import AsyncIOCore
import Glibc

/// Where the configuration stands.
struct SystemFiles: Hashable, Sendable {
  var resolvConf = "/etc/resolv.conf"
  var hosts = "/etc/hosts"
  var nameServiceSwitch = "/etc/nsswitch.conf"

  static let standard = SystemFiles()
}

/// Follows the files, for one loop. On its thread.
final class SystemFilesReader {
  /// What they say now.
  private(set) var configuration = ResolverConfiguration(servers: [])
  /// Whether the stub resolver does what this machine's libc would do.
  private(set) var isFilesThenDNS = true

  private let files: SystemFiles
  private var known: [String: Identity] = [:]
  private var nextLook = Int64.min

  /// Nanoseconds between two looks.
  private static let interval: Int64 = 1_000_000_000
  private static let longest = 64 * 1024 * 1024

  init(_ files: SystemFiles) { self.files = files }

  /// Reads what has changed. Returns whether anything has.
  func refresh(now: Int64) -> Bool {
    guard now >= nextLook else { return false }
    nextLook = now &+ Self.interval
    var identities: [String: Identity] = [:]
    for path in [files.resolvConf, files.hosts, files.nameServiceSwitch] { identities[path] = Identity(of: path) }
    guard identities != known else { return false }
    let resolvConfHasChanged = known.isEmpty || identities[files.resolvConf] != known[files.resolvConf]
    let hostsHaveChanged = known.isEmpty || identities[files.hosts] != known[files.hosts]
    known = identities
    if resolvConfHasChanged {
      let hosts = configuration.hosts
      configuration = ResolverConfiguration(parsing: Self.text(of: files.resolvConf) ?? "", hostName: Self.hostName())
      configuration.hosts = hosts
    }
    if hostsHaveChanged { configuration.hosts = HostsFile(parsing: Self.text(of: files.hosts) ?? "") }
    let nameServiceSwitch = NameServiceSwitch(parsing: Self.text(of: files.nameServiceSwitch))
    isFilesThenDNS = nameServiceSwitch.isFilesThenDNS && !Self.environmentHasOptions()
    return true
  }

  /// resolv.conf(5): variables that libc heeds, and we don't.
  private static func environmentHasOptions() -> Bool {
    getenv("RES_OPTIONS") != nil || getenv("LOCALDOMAIN") != nil || getenv("HOSTALIASES") != nil
  }

  private static func hostName() -> String {
    // HOST_NAME_MAX is 64.
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 65) { name in
      guard gethostname(name.baseAddress!, name.count) == 0 else { return "" }
      name[64] = 0
      return String(cString: name.baseAddress!)
    }
  }

  private static func text(of path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { _ = Glibc.close(descriptor) }
    var bytes: [UInt8] = []
    while bytes.count < longest {
      let piece = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
        count = max(0, read(descriptor, buffer.baseAddress, buffer.count))
      }
      if piece.isEmpty { break }
      bytes += piece
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// What changes when a file is written or replaced.
  private struct Identity: Equatable {
    var device: UInt = 0
    var file: UInt = 0
    var size = 0
    var seconds = 0
    var nanoseconds = 0

    /// All zeros if there is no file.
    init(of path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return }
      device = status.st_dev
      file = status.st_ino
      size = status.st_size
      seconds = status.st_mtim.tv_sec
      nanoseconds = status.st_mtim.tv_nsec
    }
  }
}
