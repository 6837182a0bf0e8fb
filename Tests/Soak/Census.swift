// SPDX-License-Identifier: Apache-2.0
// Counts of what exists at one time, to compare with another time.

import AsyncIO
import AsyncIOCore
import AsyncIOTesting
import Glibc

struct Census: CustomStringConvertible {
  var tasks = 0
  var operations = 0
  var timers = 0
  var descriptors = 0
  /// The process's resident memory, in bytes.
  var resident = 0

  static func take(_ loop: EventLoop, _ descriptors: any Descriptors) -> Census {
    let statistics = loop.statistics
    return Census(
      tasks: loop.allTasks.count, operations: statistics.operationsInFlight, timers: statistics.timers,
      descriptors: descriptors.count, resident: residentSize())
  }

  func differs(from other: Census) -> Bool {
    tasks != other.tasks || operations != other.operations || timers > other.timers || descriptors != other.descriptors
  }

  func faults(since before: Census) -> [String] {
    var faults: [String] = []
    if tasks != before.tasks { faults.append("FAULT \(tasks) tasks, \(before.tasks) before") }
    if operations != before.operations { faults.append("FAULT \(operations) operations, \(before.operations) before") }
    if timers > before.timers { faults.append("FAULT \(timers) timers, \(before.timers) before") }
    if descriptors != before.descriptors {
      faults.append("FAULT \(descriptors) descriptors, \(before.descriptors) before")
    }
    // Pools and tables keep what they once needed, which is bounded; a leak grows with every conversation.
    if resident > before.resident + 100_000_000 {
      faults.append("FAULT \(resident) bytes of memory, \(before.resident) before")
    }
    return faults
  }

  var description: String {
    "\(tasks) tasks, \(operations) operations, \(timers) timers, \(descriptors) descriptors, \(resident / 1_000_000) MB of memory"
  }
}

/// /proc/self/statm, in bytes.
private func residentSize() -> Int {
  let descriptor = open("/proc/self/statm", O_RDONLY)
  defer { close(descriptor) }
  var text = [UInt8](repeating: 0, count: 128)
  let count = read(descriptor, &text, text.count)
  let words = String(decoding: text.prefix(max(0, count)), as: UTF8.self).split(separator: " ")
  return words.count > 1 ? (Int(words[1]) ?? 0) * 4096 : 0
}

/// The descriptors available to a program: the process's, or those of a virtual network.
protocol Descriptors: Sendable {
  var count: Int { get }
  var areVirtual: Bool { get }
  /// Leaves room for this many further descriptors.
  func leave(_ number: Int)
  func restore()
}

struct ProcessDescriptors: Descriptors {
  let areVirtual = false
  private let limit: rlimit = {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return limit
  }()

  var count: Int { open().count }

  private func open() -> [Int32] {
    (0..<Int32(clamping: min(limit.rlim_cur, 65_536))).filter { fcntl($0, F_GETFD) >= 0 }
  }

  func leave(_ number: Int) {
    // The limit is about numbers: free numbers below the highest open one remain available.
    var limit = limit
    let used = Set(open())
    var free = number
    var bound: Int32 = 0
    while free > 0 || used.contains(bound) {
      if !used.contains(bound) { free -= 1 }
      bound += 1
    }
    limit.rlim_cur = rlim_t(bound)
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }

  func restore() {
    var limit = limit
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}

struct VirtualDescriptors: Descriptors {
  let areVirtual = true
  private var backend: VirtualBackend? { EventLoop.current.backend as? VirtualBackend }

  var count: Int { backend?.network.openDescriptors ?? -1 }

  func leave(_ number: Int) { backend?.network.descriptorLimit = count + number }
  func restore() { backend?.network.descriptorLimit = 1024 }
}
