// SPDX-License-Identifier: Apache-2.0

import CLinuxBacktrace

/// A frame's registers by their DWARF numbers. One that the frame's callee did not preserve, or that is not known of a
/// thread which was looked at from outside, is nil.
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
    // A C array is a tuple of as many words in Swift; its bytes are the words in order.
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

/// An address without what the architecture hides in its upper bits (AArch64: the signature of a return address).
func withoutSignature(_ address: UInt64) -> UInt64 {
  #if arch(arm64)
  address & 0x0000_ffff_ffff_ffff
  #else
  address
  #endif
}
