// SPDX-License-Identifier: Apache-2.0
// Calls that the kernel refuses, like those in a container's filter (seccomp(2)) or an older kernel. A filter applies
// to the whole process and can't be removed.

import Glibc

/// A system call by its number.
enum SystemCall {
  case accept, receiveDatagrams, writeWithFlags

  var number: UInt32 {
    #if arch(x86_64)
    switch self {
    case .accept: 288
    case .receiveDatagrams: 299
    case .writeWithFlags: 328
    }
    #else
    switch self {
    case .accept: 242
    case .receiveDatagrams: 243
    case .writeWithFlags: 287
    }
    #endif
  }
}

private struct Instruction {
  var code: UInt16
  var jumpIfTrue: UInt8 = 0
  var jumpIfFalse: UInt8 = 0
  var value: UInt32
}

private struct Program {
  var length: UInt16
  var instructions: UnsafeMutablePointer<Instruction>
}

/// Makes a call fail with an error from now on, on this thread and those that it starts.
func deny(_ call: SystemCall, with code: Int32) {
  var instructions = [
    Instruction(code: 0x20, value: 0),  // load the number of the call
    Instruction(code: 0x15, jumpIfFalse: 1, value: call.number),
    Instruction(code: 0x06, value: 0x0005_0000 | UInt32(code)),  // SECCOMP_RET_ERRNO
    Instruction(code: 0x06, value: 0x7fff_0000),  // SECCOMP_RET_ALLOW
  ]
  typealias Control = @convention(c) (Int32, UInt, UInt, UInt, UInt) -> Int32
  // In C it is variadic, and the toolchain's module of libc leaves it out.
  let control = unsafeBitCast(dlsym(nil, "prctl"), to: Control.self)
  let result = instructions.withUnsafeMutableBufferPointer { instructions in
    withUnsafePointer(
      to: Program(length: UInt16(instructions.count), instructions: instructions.baseAddress!)
    ) { program in
      // PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP with SECCOMP_MODE_FILTER.
      control(38, 1, 0, 0, 0) | control(22, 2, UInt(bitPattern: program), 0, 0)
    }
  }
  precondition(result == 0, "prctl: errno \(errno)")
}
