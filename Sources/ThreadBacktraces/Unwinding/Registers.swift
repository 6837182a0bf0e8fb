// SPDX-License-Identifier: Apache-2.0

import CLinuxBacktrace

/// A frame's registers by their DWARF numbers. A register is nil if the frame's callee did not preserve it, or if it is
/// unknown because the thread was looked at from outside.
struct Registers {
  #if arch(x86_64)
  static let framePointer = 6
  static let stackPointer = 7
  static let programCounter = 16
  /// Where Swift's calling convention keeps the async context (swiftasync): r14, x22.
  static let asyncContext = 14
  static let preserved: Set<Int> = [3, 6, 7, 12, 13, 14, 15]
  #else
  static let framePointer = 29
  static let stackPointer = 31
  static let programCounter = 32
  static let asyncContext = 22
  static let preserved = Set(19...31)
  #endif
  static let count = Int(BACKTRACE_REGISTER_COUNT)

  private var values: [UInt64?]

  init(_ captured: backtrace_registers) {
    // Swift imports a C array as a tuple of as many words; its bytes are the words in order.
    values = unsafe withUnsafeBytes(of: captured.values) { unsafe $0.bindMemory(to: UInt64.self).map { $0 } }
    for register in 0..<values.count where captured.known >> register & 1 == 0 { values[register] = nil }
  }

  subscript(register: Int) -> UInt64? {
    get { register >= 0 && register < values.count ? values[register] : nil }
    set { if register >= 0, register < values.count { values[register] = newValue } }
  }

  var programCounter: UInt64 { values[Self.programCounter] ?? 0 }
  var stackPointer: UInt64 { values[Self.stackPointer] ?? 0 }
}

/// Clears the bits that the architecture hides in an address (AArch64: the signature of a return address).
func withoutSignature(_ address: UInt64) -> UInt64 {
  #if arch(arm64)
  address & 0x0000_ffff_ffff_ffff
  #else
  address
  #endif
}
