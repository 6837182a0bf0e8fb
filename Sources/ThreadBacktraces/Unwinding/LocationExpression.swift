// SPDX-License-Identifier: Apache-2.0
//
// The few DWARF operations (DWARF 5, 2.5) that call frame information uses in practice: those of the linker's PLT
// entries and of glibc's signal return trampoline. Any other makes the expression nil, and its frame the last.

/// Evaluates a DWARF expression of a call frame program.
func evaluate(
  _ expression: [UInt8], registers: Registers, memory: ProcessMemory, initial: UInt64? = nil
) -> UInt64? {
  var stack: [UInt64] = initial.map { [$0] } ?? []
  var cursor = ByteCursor(bytes: expression, address: 0)
  func binary(_ operation: (UInt64, UInt64) -> UInt64) -> Bool {
    guard let right = stack.popLast(), let left = stack.popLast() else { return false }
    stack.append(operation(left, right))
    return true
  }
  func push(_ value: UInt64?) -> Bool {
    guard let value, stack.count < 64 else { return false }
    stack.append(value)
    return true
  }
  while let code = cursor.next(UInt8.self) {
    let succeeded: Bool
    switch code {
    case 0x06: succeeded = push(stack.popLast().flatMap { memory.word(at: $0) })  // deref
    case 0x08: succeeded = push(cursor.next(UInt8.self).map { UInt64($0) })  // const1u
    case 0x09: succeeded = push(cursor.next(Int8.self).map { UInt64(bitPattern: Int64($0)) })  // const1s
    case 0x0a: succeeded = push(cursor.next(UInt16.self).map { UInt64($0) })  // const2u
    case 0x0b: succeeded = push(cursor.next(Int16.self).map { UInt64(bitPattern: Int64($0)) })  // const2s
    case 0x10: succeeded = push(cursor.uleb128())  // constu
    case 0x11: succeeded = push(cursor.sleb128().map { UInt64(bitPattern: $0) })  // consts
    case 0x12: succeeded = push(stack.last)  // dup
    case 0x1a: succeeded = binary(&)  // and
    case 0x1c: succeeded = binary(&-)  // minus
    case 0x1e: succeeded = binary(&*)  // mul
    case 0x22: succeeded = binary(&+)  // plus
    case 0x23:  // plus_uconst
      let addend = cursor.uleb128()
      succeeded = push(stack.popLast().flatMap { top in addend.map { top &+ $0 } })
    case 0x24: succeeded = binary { $0 << $1 }  // shl
    case 0x25: succeeded = binary { $0 >> $1 }  // shr
    case 0x2a:  // ge
      succeeded = binary { Int64(bitPattern: $0) >= Int64(bitPattern: $1) ? 1 : 0 }
    case 0x30...0x4f: succeeded = push(UInt64(code - 0x30))  // lit0...lit31
    case 0x70...0x8f:  // breg0...breg31
      let offset = cursor.sleb128()
      let base = registers[Int(code - 0x70)]
      succeeded = push(base.flatMap { base in offset.map { base &+ UInt64(bitPattern: $0) } })
    default: succeeded = false
    }
    guard succeeded else { return nil }
  }
  return stack.last
}
