// SPDX-License-Identifier: Apache-2.0

extension ThreadBacktrace {
  /// The frames that show what the program does. Thunks made by the compiler and the runtime's frames below the program
  /// are left out. Below an async function come its async callers instead of the executor that runs it. Frames of the
  /// runtime or libc that the program called stay: the thread may be stuck in `read`.
  public var essentialFrames: [Frame] {
    var kept = frames[...]
    if let lastAsync = kept.lastIndex(where: { $0.kind == .async }) { kept = kept[...lastAsync] }
    while let last = kept.last, last.isRuntime { kept.removeLast() }
    guard !kept.isEmpty else { return frames }
    let innermostOfProgram = kept.firstIndex { !$0.isRuntime } ?? kept.startIndex
    return kept.indices.filter { $0 < innermostOfProgram || !kept[$0].isRuntime }.map { kept[$0] }
  }
}

extension ThreadBacktrace: CustomStringConvertible, CustomDebugStringConvertible {
  /// The essential frames, one a line.
  public var description: String { Self.lines(of: essentialFrames) }

  /// All frames, one a line.
  public var debugDescription: String { Self.lines(of: frames) }

  private static func lines(of frames: [Frame]) -> String {
    frames.enumerated().map { "#\($0.offset) \($0.element)" }.joined(separator: "\n")
  }
}

extension ThreadBacktrace.Frame: CustomStringConvertible {
  /// `0x000055d0c0ffee10 App.handle(Int) + 32 in server`. A function that awaits has `async` before its name.
  public var description: String {
    let digits = String(address, radix: 16)
    let padded = "0x" + String(repeating: "0", count: max(0, 16 - digits.count)) + digits
    let mark = kind == .async ? "async " : ""
    guard let image else { return "\(padded) \(mark)?" }
    guard let symbol else { return "\(padded) \(mark)\(image) + \(offset)" }
    return "\(padded) \(mark)\(symbol) + \(offset) in \(image)"
  }
}
