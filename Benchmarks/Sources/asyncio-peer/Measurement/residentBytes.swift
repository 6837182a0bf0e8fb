// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The process's resident memory, from /proc/self/statm (proc_pid_statm(5)).
func residentBytes() -> Int {
  guard let file = fopen("/proc/self/statm", "r") else { return 0 }
  defer { fclose(file) }
  var line = [UInt8](repeating: 0, count: 256)
  let count = fread(&line, 1, line.count, file)
  let words = String(decoding: line[..<count], as: UTF8.self).split(separator: " ")
  guard words.count > 1, let pages = Int(words[1]) else { return 0 }
  return pages * sysconf(Int32(_SC_PAGESIZE))
}
