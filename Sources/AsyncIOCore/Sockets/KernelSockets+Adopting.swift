// SPDX-License-Identifier: Apache-2.0
// Descriptors that others have made: the standard streams, what a process inherited, what the user brings.
//
// epoll wants them non-blocking, since a readiness can be gone by the time of the call. O_NONBLOCK belongs to the open
// file description, which the standard streams share with the shell and with other processes: those would find their
// terminal non-blocking. So these are opened anew by way of /proc/self/fd, which gives a pipe or a terminal a
// description of its own. Files are never "not ready", and sockets are called with MSG_DONTWAIT anyway.
//
// A write to a pipe that nobody reads raises SIGPIPE. Ignoring it, as CPython does from its start, is inherited by
// every program that the process starts, and then those don't end when nobody reads what they write. So the writes here
// say RWF_NOSIGNAL (Linux 6.18), or hold the signal back for the time of the call: they fail with EPIPE.

import CLinux
import Glibc

extension KernelSockets {
  package func adopt(_ descriptor: Int32) throws -> DescriptorKind {
    let kind = try kind(of: descriptor)
    if kind != .file { makeAsWanted(descriptor) }
    return kind
  }

  package func kind(of descriptor: Int32) throws -> DescriptorKind {
    systemCalls &+= 1
    switch try SystemCall.fileType(of: descriptor) {
    case S_IFSOCK:
      let type = SystemCall.option(SOL_SOCKET, SO_TYPE, of: descriptor)
      guard type == (0, Int32(SOCK_STREAM.rawValue)) else { return .messageSocket }
      return SystemCall.option(SOL_SOCKET, SO_ACCEPTCONN, of: descriptor) == (0, 1) ? .listeningSocket : .socket
    case S_IFIFO: return .pipe
    case S_IFCHR: return .terminal
    case S_IFREG, S_IFDIR, S_IFBLK, S_IFLNK: return .file
    // An eventfd, a timerfd, another epoll: they have no type.
    default: return .anonymous
    }
  }

  package func makePipe() throws -> (reading: Int32, writing: Int32) {
    systemCalls &+= 1
    var pair: (Int32, Int32) = (-1, -1)
    let flags = Int32(O_CLOEXEC) | (areNonBlocking ? Int32(O_NONBLOCK) : 0)
    let result = unsafe withUnsafeMutablePointer(to: &pair) { pointer in
      unsafe pointer.withMemoryRebound(to: Int32.self, capacity: 2) { unsafe asyncio_pipe($0, flags) }
    }
    guard result == 0 else { throw SystemError("pipe2", result: result) }
    return pair
  }

  package func openStandard(_ descriptor: Int32) throws -> Int32 {
    systemCalls &+= 1
    let kind = try SystemCall.fileType(of: descriptor)
    if areNonBlocking && (kind == S_IFIFO || kind == S_IFCHR) {
      let access = SystemCall.statusFlags(of: descriptor) & O_ACCMODE
      let own = unsafe Glibc.open("/proc/self/fd/\(descriptor)", access | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
      if own >= 0 { return own }
    }
    return try SystemCall.duplicate(descriptor)
  }

  private func makeAsWanted(_ descriptor: Int32) {
    let flags = SystemCall.statusFlags(of: descriptor)
    let wanted = areNonBlocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK
    if flags >= 0 && flags != wanted { SystemCall.setStatusFlags(wanted, of: descriptor) }
  }
}
