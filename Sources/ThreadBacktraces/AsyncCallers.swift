// SPDX-License-Identifier: Apache-2.0
//
// An async function that awaits another is not on the stack: it has left. The awaited function's context, on the task's
// heap, says what to call afterwards: { parent context, function to resume the parent } (swift/ABI/Task.h,
// AsyncContext). Following the parents gives the async callers.
//
// Where the innermost context is: a function that called something and has a frame of its own keeps it in the word
// below its frame record. One without such a frame still has it in the async context register, which ordinary calls
// preserve. Linux's code generation does not set the bit that marks such frames on Darwin (seen in Swift 6.3.1), so the
// frame is recognized by its symbol. A candidate counts as a context only if its second word is exactly the start of a
// piece of an async function. Anything else ends the chain.
//
// The contexts are copied with the stack, before names are looked up: a look-up can take longer than the thread stays
// where it is. So false candidates are copied too, and dropped later.

extension Unwinder {
  /// The possible addresses of the context of the function that runs in a frame.
  func contextCandidates(of frame: PhysicalFrame) -> [UInt64] {
    var candidates: [UInt64?] = []
    if let record = frame.registers[Registers.framePointer], record &- 8 >= frame.registers.stackPointer {
      candidates.append(memory.word(at: record &- 8))
    }
    candidates.append(frame.registers[Registers.asyncContext])
    return candidates.compactMap { $0 }
  }

  /// Copies the possible contexts of async callers.
  mutating func keepContexts(of frames: [PhysicalFrame], limit: Int) {
    for frame in frames {
      for candidate in contextCandidates(of: frame) {
        var context = candidate
        var count = 0
        while count < limit, context != 0, context % 8 == 0, let resume = memory.keepWord(at: context &+ 8),
          image(at: withoutSignature(resume)) != nil, let parent = memory.keepWord(at: context)
        {
          context = withoutSignature(parent)
          count += 1
        }
      }
    }
  }
}

extension Symbolizer {
  /// The functions that wait for the async function running in `frame`, innermost first.
  mutating func asyncCallers(of frame: PhysicalFrame, symbol: Symbol, limit: Int) -> [UInt64] {
    for candidate in unwinder.contextCandidates(of: frame) {
      var chain = resumptions(from: candidate, limit: limit)
      // The register may still hold the context of the function that just returned to this one.
      if let first = chain.first, first == symbol.address { chain.removeFirst() }
      if !chain.isEmpty { return chain }
    }
    return []
  }

  private mutating func resumptions(from context: UInt64, limit: Int) -> [UInt64] {
    var chain: [UInt64] = []
    var context = context
    while chain.count < limit, context != 0, context % 8 == 0,
      let parent = unwinder.memory.word(at: context),
      let resume = unwinder.memory.word(at: context &+ 8).map(withoutSignature),
      let symbol = symbol(at: resume), symbol.address == resume, Self.isResumption(symbol.mangled)
    {
      chain.append(resume)
      context = withoutSignature(parent)
    }
    return chain
  }

  /// Mangled names of the pieces end in TQ or TY, a number and an underscore.
  private static func isResumption(_ mangled: String) -> Bool {
    guard mangled.hasPrefix("$s"), mangled.hasSuffix("_") else { return false }
    var digits = mangled.dropLast()
    while digits.last?.isNumber == true { digits = digits.dropLast() }
    return digits.hasSuffix("TQ") || digits.hasSuffix("TY")
  }
}
