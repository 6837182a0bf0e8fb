// SPDX-License-Identifier: Apache-2.0

/// The rules in force at one address, by a call frame program (DWARF 5, 6.4.1).
struct CallFrameRules {
  enum FrameAddress {
    case register(Int, offset: Int64)
    case expression([UInt8])
  }
  enum Rule {
    case undefined
    case sameValue
    /// The register is saved at the frame address plus this.
    case saved(Int64)
    /// The register is the frame address plus this.
    case value(Int64)
    case register(Int)
    case savedAtExpression([UInt8])
    case valueOfExpression([UInt8])
  }

  var frameAddress: FrameAddress?
  var rules: [Int: Rule] = [:]

  /// Runs the programs of `information` up to `programCounter`. Returns nil if they have instructions outside DWARF.
  init?(_ information: CallFrameInformation, at programCounter: UInt64) {
    var runner = Runner(information: information, target: programCounter)
    guard runner.run(information.initialInstructions, initial: nil) else { return nil }
    let initial = runner.rules
    runner.location = information.function.lowerBound
    guard runner.run(information.instructions, initial: initial) else { return nil }
    self = runner.rules
  }

  private init() {}

  private struct Runner {
    let information: CallFrameInformation
    let target: UInt64
    var location: UInt64 = 0
    var rules = CallFrameRules()
    var remembered: [CallFrameRules] = []

    init(information: CallFrameInformation, target: UInt64) {
      self.information = information
      self.target = target
    }

    /// Runs a program. Returns false if it is malformed.
    mutating func run(_ program: [UInt8], initial: CallFrameRules?) -> Bool {
      var cursor = ByteCursor(bytes: program, address: 0)
      while let code = cursor.next(UInt8.self) {
        let operand = code & 0x3f
        switch code >> 6 {
        case 1:  // DW_CFA_advance_loc
          location &+= UInt64(operand) &* information.codeAlignment
        case 2:  // DW_CFA_offset
          guard let offset = cursor.uleb128() else { return false }
          rules.rules[Int(operand)] = .saved(Int64(truncatingIfNeeded: offset) &* information.dataAlignment)
        case 3:  // DW_CFA_restore
          rules.rules[Int(operand)] = initial?.rules[Int(operand)]
        default:
          guard execute(code, &cursor, initial) else { return false }
        }
        if initial != nil, location > target { return true }
      }
      return true
    }

    private mutating func execute(_ code: UInt8, _ cursor: inout ByteCursor, _ initial: CallFrameRules?) -> Bool {
      func register() -> Int? { cursor.uleb128().map { Int(truncatingIfNeeded: $0) } }
      func unsigned() -> Int64? { cursor.uleb128().map { Int64(truncatingIfNeeded: $0) } }
      func factored() -> Int64? { cursor.sleb128().map { $0 &* information.dataAlignment } }
      func advance(_ distance: UInt64?) -> Bool {
        guard let distance else { return false }
        location &+= distance &* information.codeAlignment
        return true
      }
      func set(_ rule: Rule?, for number: Int?) -> Bool {
        guard let rule, let number else { return false }
        rules.rules[number] = rule
        return true
      }
      switch code {
      case 0x00: return true  // nop
      case 0x02: return advance(cursor.next(UInt8.self).map { UInt64($0) })
      case 0x03: return advance(cursor.next(UInt16.self).map { UInt64($0) })
      case 0x04: return advance(cursor.next(UInt32.self).map { UInt64($0) })
      case 0x05:  // offset_extended
        let number = register()
        return set(unsigned().map { .saved($0 &* information.dataAlignment) }, for: number)
      case 0x06:  // restore_extended
        guard let number = register() else { return false }
        rules.rules[number] = initial?.rules[number]
        return true
      case 0x07: return set(.undefined, for: register())
      case 0x08: return set(.sameValue, for: register())
      case 0x09:  // register
        let number = register()
        return set(register().map { .register($0) }, for: number)
      case 0x0a:  // remember_state
        remembered.append(rules)
        return remembered.count <= 64
      case 0x0b:  // restore_state
        guard let last = remembered.popLast() else { return false }
        rules = last
        return true
      case 0x0c, 0x12:  // def_cfa, def_cfa_sf
        guard let number = register(), let offset = code == 0x0c ? unsigned() : factored() else { return false }
        rules.frameAddress = .register(number, offset: offset)
        return true
      case 0x0d:  // def_cfa_register
        guard let number = register(), case .register(_, let offset) = rules.frameAddress else { return false }
        rules.frameAddress = .register(number, offset: offset)
        return true
      case 0x0e, 0x13:  // def_cfa_offset, def_cfa_offset_sf
        guard let offset = code == 0x0e ? unsigned() : factored(), case .register(let number, _) = rules.frameAddress
        else { return false }
        rules.frameAddress = .register(number, offset: offset)
        return true
      case 0x0f:  // def_cfa_expression
        guard let expression = cursor.block() else { return false }
        rules.frameAddress = .expression(expression)
        return true
      case 0x10:  // expression
        let number = register()
        return set(cursor.block().map { .savedAtExpression($0) }, for: number)
      case 0x11:  // offset_extended_sf
        let number = register()
        return set(factored().map { .saved($0) }, for: number)
      case 0x14:  // val_offset
        let number = register()
        return set(unsigned().map { .value($0 &* information.dataAlignment) }, for: number)
      case 0x15:  // val_offset_sf
        let number = register()
        return set(factored().map { .value($0) }, for: number)
      case 0x16:  // val_expression
        let number = register()
        return set(cursor.block().map { .valueOfExpression($0) }, for: number)
      case 0x2d: return true  // AARCH64_negate_ra_state: signatures are dropped anyway
      case 0x2e: return cursor.uleb128() != nil  // GNU_args_size
      default: return false
      }
    }
  }
}
