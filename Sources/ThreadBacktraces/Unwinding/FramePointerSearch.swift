// SPDX-License-Identifier: Apache-2.0
//
// For a thread blocked in a system call we know the stack pointer and the program counter, and no other register.
// libc's frames use the stack pointer. The function that called libc usually uses its frame pointer, which libc has
// left in its register. So we find that frame by what the function did first. Its prologue pushes registers, sets the
// frame pointer and reserves room for its variables; the sum is the distance to the stack pointer. A result counts if a
// return address stands where the frame's should.
//
// A frame that has grown since, or is aligned, is searched for upwards from the stack pointer. Remains of earlier calls
// look like frames too. So the frame whose return address follows a call of this very function wins, else the first one
// that leads to another frame. From there on every frame gives its caller's registers.
//
// On AArch64, libc's blocking functions save the frame pointer, and no search is needed.

extension Unwinder {
  /// Returns the frame with its frame pointer, searched for if it was unknown.
  ///
  /// - Parameter start: Where the frame's function begins, if known.
  func withFramePointer(_ frame: PhysicalFrame, start: UInt64?) -> PhysicalFrame {
    guard frame.registers[Registers.framePointer] == nil else { return frame }
    var found = frame
    found.registers[Registers.framePointer] = framePointer(of: frame, start: start)
    return found
  }

  private func framePointer(of frame: PhysicalFrame, start: UInt64?) -> UInt64? {
    #if arch(x86_64)
    let stackPointer = frame.registers.stackPointer
    if let start, frame.codeAddress > start {
      let code = memory.bytes(at: start, count: Int(min(frame.codeAddress &- start, 64)))
      if let distance = Prologue(code).framePointerDistance {
        let candidate = stackPointer &+ UInt64(distance)
        if returnAddress(ofFrameAt: candidate) != nil { return candidate }
      }
    }
    var plausible: UInt64?
    for candidate in stride(from: stackPointer, to: min(stackPointer &+ 16_384, memory.stackRange.upperBound), by: 8) {
      guard let returnAddress = returnAddress(ofFrameAt: candidate), let outer = memory.word(at: candidate) else {
        continue
      }
      if let start, callee(before: returnAddress) == start { return candidate }
      if plausible == nil, outer > candidate, self.returnAddress(ofFrameAt: outer) != nil { plausible = candidate }
    }
    return plausible
    #else
    return nil
    #endif
  }

  /// The return address after a frame record, if it follows a call.
  private func returnAddress(ofFrameAt address: UInt64) -> UInt64? {
    guard address % 8 == 0, memory.stackRange.contains(address), let word = memory.word(at: address &+ 8),
      image(at: word) != nil, isCall(before: word)
    else { return nil }
    return word
  }

  /// The target of the direct call before this address.
  private func callee(before address: UInt64) -> UInt64? {
    let code = memory.bytes(at: address &- 5, count: 5)
    guard code.first == 0xe8, let distance = code.littleEndian(at: 1, as: Int32.self) else { return nil }
    return address &+ UInt64(bitPattern: Int64(distance))
  }

  /// Whether the instruction before this address is a call: `call rel32`, or `call` of a register or of memory.
  private func isCall(before address: UInt64) -> Bool {
    if let callee = callee(before: address), image(at: callee) != nil { return true }
    let code = memory.bytes(at: address &- 7, count: 7)
    guard code.count == 7 else { return false }
    return [2, 3, 4, 6, 7].contains { length in
      let operand = code[7 - length + 1]
      guard code[7 - length] == 0xff, operand >> 3 & 7 == 2 else { return false }
      return Self.length(ofOperand: operand) == length - 1
    }
  }

  /// The length of a ModRM byte and its operand (Intel SDM 2, 2.1.5).
  private static func length(ofOperand operand: UInt8) -> Int {
    let hasScale = operand & 7 == 4
    switch operand >> 6 {
    case 0: return operand & 7 == 5 ? 5 : hasScale ? 2 : 1
    case 1: return hasScale ? 3 : 2
    case 2: return hasScale ? 6 : 5
    default: return 1
    }
  }
}

/// The effect of an x86_64 function's first instructions on its stack.
struct Prologue {
  /// How far the frame pointer is above the stack pointer. Nil if the function sets none, or has an unknown
  /// instruction.
  private(set) var framePointerDistance: Int?

  /// - Parameter code: The function's code from its start to its current instruction, or as much of it as matters.
  init(_ code: [UInt8]) {
    var pushed = 0
    var framePointer: Int?
    var rest = code[...]
    func number<T: FixedWidthInteger & BitwiseCopyable & SignedInteger>(_ offset: Int, _ type: T.Type) -> Int? {
      code.littleEndian(at: rest.startIndex + offset, as: type).map { Int($0) }
    }
    while !rest.isEmpty {
      if rest.starts(with: [0xf3, 0x0f, 0x1e, 0xfa]) {  // endbr64
        rest = rest.dropFirst(4)
      } else if rest.starts(with: [0x48, 0x89, 0xe5]) {  // mov %rsp, %rbp
        framePointer = pushed
        rest = rest.dropFirst(3)
      } else if rest.starts(with: [0x48, 0x8d, 0x6c, 0x24]), let above = number(4, Int8.self) {
        // lea above(%rsp), %rbp
        framePointer = pushed - above
        rest = rest.dropFirst(5)
      } else if rest.starts(with: [0x48, 0x8d, 0xac, 0x24]), let above = number(4, Int32.self) {
        framePointer = pushed - above
        rest = rest.dropFirst(8)
      } else if rest.starts(with: [0x48, 0x83, 0xec]), let room = number(3, Int8.self) {  // sub room, %rsp
        pushed += room
        rest = rest.dropFirst(4)
      } else if rest.starts(with: [0x48, 0x81, 0xec]), let room = number(3, Int32.self) {
        pushed += room
        rest = rest.dropFirst(7)
      } else if rest.starts(with: [0x48, 0x83, 0xc4]), let room = number(3, Int8.self), room < 0 {  // add -128, %rsp
        pushed -= room
        rest = rest.dropFirst(4)
      } else if rest.starts(with: [0x48, 0x83, 0xe4]) || rest.starts(with: [0x48, 0x81, 0xe4]) {  // and, %rsp: aligned
        return
      } else if rest.count > 1, rest.first == 0x41, rest.dropFirst().first.map({ $0 & 0xf8 == 0x50 }) == true {
        pushed += 8
        rest = rest.dropFirst(2)
      } else if let push = rest.first, push & 0xf8 == 0x50 {
        pushed += 8
        rest = rest.dropFirst()
      } else {
        break
      }
    }
    framePointerDistance = framePointer.map { pushed - $0 }
  }
}
