// SPDX-License-Identifier: Apache-2.0
// The machine's own configuration, read again when a file has changed: a laptop changes its network, a container gets
// its hosts after its start. The files are checked at most once a second, on the loop, when a look-up needs them. They
// are small and in the kernel's cache, and libc also reads them within each look-up. Only a hosts file of megabytes can
// block for long. Such a file is the machine's choice, and is read once.

import AsyncIOCore
import Glibc

/// The paths of the configuration files.
struct SystemFiles: Hashable, Sendable {
  var resolvConf = "/etc/resolv.conf"
  var hosts = "/etc/hosts"
  var nameServiceSwitch = "/etc/nsswitch.conf"

  static let standard = SystemFiles()
}

/// Follows the files, for one loop. On the loop's thread.
final class SystemFilesReader {
  /// The configuration at the last check.
  private(set) var configuration = ResolverConfiguration(servers: [])
  /// Whether this machine's libc would do what the stub resolver does.
  private(set) var isFilesThenDNS = true

  private let files: SystemFiles
  private var known: [String: Identity] = [:]
  private var nextLook = Int64.min

  /// Nanoseconds between two checks.
  private static let interval: Int64 = 1_000_000_000
  private static let longest = 64 * 1024 * 1024

  init(_ files: SystemFiles) { self.files = files }

  /// Reads the files that have changed. Returns whether any has.
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

  /// Whether the variables of resolv.conf(5) are set, which libc heeds and we don't.
  private static func environmentHasOptions() -> Bool {
    unsafe getenv("RES_OPTIONS") != nil || getenv("LOCALDOMAIN") != nil || getenv("HOSTALIASES") != nil
  }

  private static func hostName() -> String {
    // HOST_NAME_MAX is 64.
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 65) { name in
      guard unsafe gethostname(name.baseAddress!, name.count) == 0 else { return "" }
      unsafe name[64] = 0
      return unsafe String(cString: name.baseAddress!)
    }
  }

  private static func text(of path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { _ = Glibc.close(descriptor) }
    var bytes: [UInt8] = []
    while bytes.count < longest {
      let piece = unsafe [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
        count = unsafe max(0, read(descriptor, buffer.baseAddress, buffer.count))
      }
      if piece.isEmpty { break }
      bytes += piece
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The attributes that change when a file is written or replaced.
  private struct Identity: Equatable {
    var device: UInt = 0
    var file: UInt = 0
    var size = 0
    var seconds = 0
    var nanoseconds = 0

    /// All zeros for a missing file.
    init(of path: String) {
      var status = stat()
      guard unsafe stat(path, &status) == 0 else { return }
      device = status.st_dev
      file = status.st_ino
      size = status.st_size
      seconds = status.st_mtim.tv_sec
      nanoseconds = status.st_mtim.tv_nsec
    }
  }
}

/// Calls the body with the fields of each line that has any: the text between spaces and tabs, up to a comment. Works
/// on bytes, not characters: a file of /etc can have megabytes.
func forEachLine(of text: String, comments: [UInt8], _ body: ([String]) -> Void) {
  for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
    let content = line.prefix { !comments.contains($0) }
    let fields = content.split { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }
    if !fields.isEmpty { body(fields.map { String(decoding: $0, as: UTF8.self) }) }
  }
}
