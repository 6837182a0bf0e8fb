// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The results of a case: one line of JSON.
struct Report {
  private var figures: [(name: String, value: Double)]

  init(_ figures: [(String, Double)] = []) { self.figures = figures }

  func adding(_ name: String, _ value: Double) -> Report {
    var report = self
    report.figures.append((name, value))
    return report
  }

  /// Adds how late sleeping tasks continued, from each one's nanoseconds.
  func addingLateness(_ lateness: [Int64]) -> Report {
    let sorted = lateness.sorted()
    func microseconds(_ share: Double) -> Double {
      Double(sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]) / 1e3
    }
    return adding("over_p50_us", microseconds(0.5)).adding("over_p99_us", microseconds(0.99))
      .adding("over_max_us", microseconds(1))
  }

  func print() {
    let members = figures.map { "\"\($0.name)\": \($0.value)" }
    Swift.print("{" + members.joined(separator: ", ") + "}")
    fflush(nil)
  }
}
