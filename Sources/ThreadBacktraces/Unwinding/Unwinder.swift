// SPDX-License-Identifier: Apache-2.0
//
// Walks a copied stack. A step uses the frame's call frame information. Code without it (some hand-written assembly,
// generated code) is left by the frame pointer, which is searched for where it is unknown (FramePointerSearch). The
// walk ends at the outermost frame: the entry points of the kernel and libc mark their return address as undefined. It
// also ends at the end of the copy, and where a step would not lead outwards. So a walk over damaged information is
// finite, too.

/// One function's activation on a stack.
struct PhysicalFrame {
  var registers: Registers
  /// Whether the program counter is the current instruction. False for a return address, which is after the call.
  var isExact: Bool

  /// An address within the current instruction, for look-ups.
  var codeAddress: UInt64 { isExact ? registers.programCounter : registers.programCounter &- 1 }
}

struct Unwinder {
  var memory: ProcessMemory
  let images: [Image]
  private var headers: [UInt64: ProgramHeaders?] = [:]

  init(memory: ProcessMemory, images: [Image]) {
    self.memory = memory
    self.images = images
  }

  func image(at address: UInt64) -> Image? {
    images.first { $0.code.contains { $0.contains(address) } }
  }

  mutating func programHeaders(of image: Image) -> ProgramHeaders? {
    if let known = headers[image.base] { return known }
    let read = ProgramHeaders(of: image, in: memory)
    headers[image.base] = .some(read)
    return read
  }

  mutating func frames(from registers: Registers, limit: Int) -> [PhysicalFrame] {
    var frames = [PhysicalFrame(registers: registers, isExact: true)]
    while frames.count < limit, let next = caller(of: frames[frames.count - 1]) {
      // Only the innermost frame may use no stack (AArch64's leaf functions).
      let isOutwards = next.registers.stackPointer > frames[frames.count - 1].registers.stackPointer
      guard isOutwards || frames.count == 1, image(at: next.codeAddress) != nil else { break }
      frames.append(next)
    }
    return frames
  }

  private mutating func caller(of frame: PhysicalFrame) -> PhysicalFrame? {
    guard let image = image(at: frame.codeAddress), let table = programHeaders(of: image)?.callFrameTable,
      let information = CallFrameInformation(covering: frame.codeAddress, table: table, in: memory),
      let rules = CallFrameRules(information, at: frame.codeAddress)
    else {
      let isKnown = frame.registers[Registers.framePointer] != nil
      let start = isKnown ? nil : symbol(at: frame.codeAddress)?.address
      return callerByFramePointer(of: withFramePointer(frame, start: start))
    }
    var frame = frame
    if case .register(Registers.framePointer, _) = rules.frameAddress {
      frame = withFramePointer(frame, start: information.function.lowerBound)
    }
    return caller(of: frame, by: rules, information)
  }

  private func caller(
    of frame: PhysicalFrame, by rules: CallFrameRules, _ information: CallFrameInformation
  ) -> PhysicalFrame? {
    let frameAddress: UInt64
    switch rules.frameAddress {
    case .register(let register, let offset):
      guard let base = frame.registers[register] else { return nil }
      frameAddress = base &+ UInt64(bitPattern: offset)
    case .expression(let expression):
      guard let address = evaluate(expression, registers: frame.registers, memory: memory) else { return nil }
      frameAddress = address
    case nil: return nil
    }
    var registers = frame.registers
    for register in 0..<Registers.count {
      switch rules.rules[register] {
      case nil:
        if !Registers.preserved.contains(register), register != information.returnAddressRegister {
          registers[register] = nil
        }
      case .sameValue: break
      case .undefined: registers[register] = nil
      case .saved(let offset): registers[register] = memory.word(at: frameAddress &+ UInt64(bitPattern: offset))
      case .value(let offset): registers[register] = frameAddress &+ UInt64(bitPattern: offset)
      case .register(let other): registers[register] = frame.registers[other]
      case .savedAtExpression(let expression):
        registers[register] = evaluate(expression, registers: frame.registers, memory: memory, initial: frameAddress)
          .flatMap { memory.word(at: $0) }
      case .valueOfExpression(let expression):
        registers[register] = evaluate(expression, registers: frame.registers, memory: memory, initial: frameAddress)
      }
    }
    if rules.rules[Registers.stackPointer] == nil { registers[Registers.stackPointer] = frameAddress }
    guard let returnAddress = registers[information.returnAddressRegister], returnAddress != 0 else { return nil }
    registers[Registers.programCounter] = withoutSignature(returnAddress)
    return PhysicalFrame(registers: registers, isExact: information.isSignalFrame)
  }

  /// The frame record that both architectures share: the caller's frame pointer, then the return address.
  private func callerByFramePointer(of frame: PhysicalFrame) -> PhysicalFrame? {
    guard let record = frame.registers[Registers.framePointer], record % 8 == 0,
      record >= frame.registers.stackPointer, memory.stackRange.contains(record),
      let saved = memory.word(at: record), let returnAddress = memory.word(at: record &+ 8), returnAddress != 0
    else { return nil }
    var registers = frame.registers
    for register in 0..<Registers.count { registers[register] = nil }
    // Bit 60 marks the record of an async frame on platforms whose code generation sets it.
    registers[Registers.framePointer] = saved & ~(1 << 60)
    registers[Registers.stackPointer] = record &+ 16
    registers[Registers.programCounter] = withoutSignature(returnAddress)
    return PhysicalFrame(registers: registers, isExact: false)
  }
}
