// SPDX-License-Identifier: Apache-2.0
// Socket activation: a service manager makes the listening sockets, and starts the program with them when somebody
// connects, or again after it has failed; connections wait meanwhile. The protocol (sd_listen_fds(3)) is three
// environment variables, and descriptors from 3 on:
//
//     LISTEN_PID      whom they are for: a child process inherits the variables, and is not meant
//     LISTEN_FDS      how many
//     LISTEN_FDNAMES  their names, between colons
//
// They are taken out of the environment, and the descriptors closed in programs that this one starts (FD_CLOEXEC), as
// sd_listen_fds does it. The environment of a process has no lock: this belongs to the start of a program.

import Glibc

extension ListeningSocket {
  private static let first: Int32 = 3

  /// The sockets that systemd, or another service manager with its protocol, has passed to this process; none if it was
  /// started without. sd_listen_fds_with_names(3).
  ///
  /// ```swift
  /// let sockets = ListeningSocket.fromSystemd()
  /// let web = sockets.filter { $0.name == "web" }
  /// ```
  ///
  /// To be called once, when the program starts: it takes the variables out of the environment (LISTEN_PID, LISTEN_FDS,
  /// LISTEN_FDNAMES), and sees to it that programs started later don't inherit the descriptors. The socket
  /// unit decides what is among them. `startServer(at: .sockets(…))` throws if one is not a stream socket that listens.
  /// A socket with `Accept=yes` is a connection, for `ByteStream.adopting`.
  public static func fromSystemd() -> [ListeningSocket] {
    let names = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]
    let values = names.map { name in unsafe getenv(name).map { unsafe String(cString: $0) } }
    guard let sockets = parse(process: values[0], count: values[1], names: values[2], ownProcess: getpid()) else {
      return []
    }
    for name in names { unsafe unsetenv(name) }
    for socket in sockets { _ = fcntl(socket.descriptor, F_SETFD, FD_CLOEXEC) }
    return sockets
  }

  /// What the variables say; nil if they are not there or for somebody else.
  static func parse(process: String?, count: String?, names: String?, ownProcess: Int32) -> [ListeningSocket]? {
    guard let process, let count, Int32(process) == ownProcess else { return nil }
    // As many as there can be descriptors at all (fs.nr_open).
    guard let count = Int32(count), count >= 0, count <= 1 << 20 else { return nil }
    let names = names.map { $0.split(separator: ":", omittingEmptySubsequences: false) } ?? []
    return (0..<count).map { index in
      ListeningSocket(
        descriptor: first + index, name: Int(index) < names.count ? String(names[Int(index)]) : "")
    }
  }
}
