// SPDX-License-Identifier: Apache-2.0

extension Int {
  /// `1,234,567`.
  var grouped: String {
    var digits = ""
    for (index, digit) in String(magnitude).reversed().enumerated() {
      if index > 0 && index % 3 == 0 { digits.append(",") }
      digits.append(digit)
    }
    return (self < 0 ? "-" : "") + String(digits.reversed())
  }

  /// `512 bytes`, `1.2 kB`, `3.4 MB`: in decimal units, like disks and networks.
  var asBytes: String {
    if self < 1000 { return self == 1 ? "1 byte" : "\(self) bytes" }
    var value = Double(self)
    var unit = "bytes"
    for next in ["kB", "MB", "GB", "TB"] where value >= 999.95 {
      value /= 1000
      unit = next
    }
    return "\(value.rounded(toPlaces: 1)) \(unit)"
  }
}

extension Double {
  /// Rounded to one to three digits after the point.
  func rounded(toPlaces places: Int) -> String {
    var scale = 1
    for _ in 0..<places { scale *= 10 }
    let scaled = Int((self * Double(scale)).rounded())
    let fraction = String(scaled % scale)
    return "\((scaled / scale).grouped).\(String(repeating: "0", count: places - fraction.count))\(fraction)"
  }
}

extension Duration {
  var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

extension String {
  /// Padded with blanks on the left.
  func aligned(to width: Int) -> String { String(repeating: " ", count: Swift.max(0, width - count)) + self }
}
