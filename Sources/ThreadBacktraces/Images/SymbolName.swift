// SPDX-License-Identifier: Apache-2.0
//
// The runtime's demangler gives every detail: "(2) await resume partial function for static App.App.handle(Swift.Int)
// async throws -> Swift.String". A stall report wants "App.handle(Int)". The parts of an async function between its
// awaits are separate functions to the linker, but one function to its author.

import CLinuxBacktrace
import Glibc

/// A function's name as its author knows it.
struct SymbolName: Equatable {
  var text: String
  /// An async function, or one of the pieces it is split into at its awaits.
  var isAsync = false
  /// Whether the compiler made it, between two functions of the user.
  var isThunk = false

  init(_ mangled: String) {
    var name = mangled
    if mangled.hasPrefix("$s") || mangled.hasPrefix("$S") || mangled.hasPrefix("_T") || mangled.hasPrefix("$e") {
      // The result is malloc'ed, zero-terminated and ours to free; the length is that of the UTF-8 that is passed.
      if let demangled = unsafe backtrace_demangle(mangled, mangled.utf8.count) {
        name = unsafe String(cString: demangled)
        unsafe free(demangled)
      }
    }
    self.init(demangled: name)
  }

  init(demangled: String) {
    var rest = Substring(demangled)
    var isResumption = false
    var stripping = true
    while stripping {
      stripping = false
      if rest.first == "(", let close = rest.firstIndex(of: ")"),
        let prefix = [") await resume partial function for ", ") suspend resume partial function for "]
          .first(where: { rest[close...].hasPrefix($0) })
      {
        rest = rest[close...].dropFirst(prefix.count)
        (isResumption, stripping) = (true, true)
      }
      for prefix in Self.specializations where rest.hasPrefix(prefix) {
        guard let end = Self.endOfBrackets(in: rest), rest[end...].hasPrefix(" of ") else { continue }
        rest = rest[end...].dropFirst(4)
        stripping = true
      }
      for prefix in Self.thunks where rest.hasPrefix(prefix) {
        rest = rest.dropFirst(prefix.count)
        (isThunk, stripping) = (true, true)
      }
      for prefix in Self.plain where rest.hasPrefix(prefix) {
        rest = rest.dropFirst(prefix.count)
        stripping = true
      }
    }
    if Self.wholeThunks.contains(where: { rest.hasPrefix($0) }) { isThunk = true }
    isAsync = isResumption || Self.isAsyncFunction(rest)
    text = Self.withoutResults(rest)
  }

  private static let specializations = [
    "generic specialization <", "function signature specialization <", "generic not re-abstracted specialization <",
    "generic partial specialization <", "specialized <",
  ]
  private static let plain = ["merged ", "static ", "@objc ", "@nonobjc "]
  private static let thunks = [
    "partial apply forwarder for ", "partial apply for ", "protocol witness for ", "dispatch thunk of ",
  ]
  private static let wholeThunks = ["reabstraction thunk", "thunk for ", "partial apply"]

  /// The index after the first `<...>`, which may contain brackets and arrows.
  private static func endOfBrackets(in text: Substring) -> Substring.Index? {
    var depth = 0
    var previous: Character = " "
    for index in text.indices {
      let character = text[index]
      if character == "<" { depth += 1 }
      if character == ">", previous != "-" {
        depth -= 1
        if depth == 0 { return text.index(after: index) }
      }
      previous = character
    }
    return nil
  }

  /// Splits at " in " outside brackets: "closure #1 in f()" is a closure and its function.
  private static func components(_ text: Substring) -> [Substring] {
    var components: [Substring] = []
    var start = text.startIndex
    var depth = 0
    var index = text.startIndex
    while index < text.endIndex {
      if "([<{".contains(text[index]) { depth += 1 }
      if ")]}".contains(text[index]) { depth -= 1 }
      if text[index] == ">", !text[..<index].hasSuffix("-") { depth -= 1 }
      if depth == 0, text[index...].hasPrefix(" in ") {
        components.append(text[start..<index])
        start = text.index(index, offsetBy: 4)
        index = start
        continue
      }
      index = text.index(after: index)
    }
    return components + [text[start...]]
  }

  /// Only the text outside all brackets decides; a parameter's type does not.
  private static func isAsyncFunction(_ text: Substring) -> Bool {
    let signature = beforeResult(components(text)[0])
    return signature.hasSuffix(" async") || signature.hasSuffix(" async throws")
      || signature.hasSuffix(" async -> ()") || signature.contains(") async throws(")
  }

  /// The signature up to the " -> " outside brackets.
  private static func beforeResult(_ text: Substring) -> Substring {
    var depth = 0
    for index in text.indices {
      if "([<{".contains(text[index]) { depth += 1 }
      if ")]}".contains(text[index]) { depth -= 1 }
      if text[index] == ">", !text[..<index].hasSuffix("-") { depth -= 1 }
      if depth == 0, text[index...].hasPrefix(" -> ") { return text[..<index] }
    }
    return text
  }

  private static func withoutResults(_ text: Substring) -> String {
    components(text).map { component in
      var signature = beforeResult(component)
      for effect in [" throws", " async"] where signature.hasSuffix(effect) {
        signature = signature.dropLast(effect.count)
      }
      for word in plain where signature.hasPrefix(word) { signature = signature.dropFirst(word.count) }
      // A closure's types are noise: "closure #1 @Sendable () async" is "closure #1".
      if signature.hasPrefix("closure #") || signature.hasPrefix("implicit closure #") {
        let words = signature.split(separator: " ")
        signature = Substring(words.prefix(words.first == "implicit" ? 3 : 2).joined(separator: " "))
      }
      return removing("Swift.", from: signature)
    }.joined(separator: " in ")
  }

  private static func removing(_ module: String, from text: Substring) -> String {
    var result = ""
    var rest = text
    while !rest.isEmpty {
      let isStart = !(result.last.map { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." || $0 == "`" } ?? false)
      if isStart, rest.hasPrefix(module) {
        rest = rest.dropFirst(module.count)
      } else {
        result.append(rest.removeFirst())
      }
    }
    return result
  }
}
