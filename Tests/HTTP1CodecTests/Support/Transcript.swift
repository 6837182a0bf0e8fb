// SPDX-License-Identifier: Apache-2.0
// Runs a parser over bytes in given pieces and records its output, with adjoining body pieces joined. That record must
// not depend on the pieces. The parser's contract on progress is checked as well.
@testable import HTTP1Codec

/// A fault in a parser's behaviour, rather than in the message.
struct ContractBroken: Error, CustomStringConvertible {
  let description: String
}

struct Transcript: Equatable, CustomStringConvertible {
  private(set) var bytes: [UInt8] = []
  private var isInBody = false

  var description: String { String(decoding: bytes, as: UTF8.self) }

  mutating func note(_ text: String) {
    closeBody()
    bytes.append(contentsOf: text.utf8)
    bytes.append(0x0A)
  }

  mutating func note(_ label: String, _ fields: HTTPFields) {
    note(label)
    for line in fields.lines {
      bytes.append(contentsOf: fields.storage[line.name])
      bytes.append(0x3D)
      bytes.append(contentsOf: fields.storage[line.value])
      bytes.append(0x0A)
    }
  }

  mutating func body(_ piece: UnsafeRawBufferPointer) {
    if !isInBody { bytes.append(contentsOf: "body ".utf8) }
    isInBody = true
    bytes.append(contentsOf: piece)
  }

  mutating func rest(_ piece: UnsafeRawBufferPointer) {
    guard !piece.isEmpty else { return }
    body(piece)
  }

  private mutating func closeBody() {
    if isInBody { bytes.append(0x0A) }
    isInBody = false
  }
}

/// Cuts `bytes` at the given offsets, which ascend.
func withPieces<Failure>(
  of bytes: [UInt8], cuts: [Int], _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
) throws(Failure) {
  try bytes.span.withUnsafeBytes { (all) throws(Failure) in
    var start = 0
    for cut in cuts {
      try body(UnsafeRawBufferPointer(rebasing: all[start..<cut]))
      start = cut
    }
    try body(UnsafeRawBufferPointer(rebasing: all[start...]))
  }
}

/// The request parser's output for these bytes, followed by the end of the input.
func requestTranscript(
  _ bytes: [UInt8], cuts: [Int] = [], limits: HTTP1Limits = HTTP1Limits()
) throws -> Transcript {
  var transcript = Transcript()
  var parser = HTTP1RequestParser(limits: limits)
  do {
    try withPieces(of: bytes, cuts: cuts) { piece in
      var offset = 0
      var events = 0
      while true {
        let before = offset
        guard let event = try parser.next(in: piece, at: &offset) else {
          if !parser.hasEnded, offset != piece.count { throw ContractBroken(description: "nil with bytes left") }
          if !parser.hasEnded || offset == piece.count { break }
          parser.startNext()
          continue
        }
        events += 1
        if offset < before || events > 2 * piece.count + 4 { throw ContractBroken(description: "no progress") }
        switch event {
        case .head(let head):
          transcript.note(
            "\(head.method) \(head.target) \(head.version) \(head.framing) alive=\(head.keepsConnectionAlive)",
            head.fields)
        case .body(let range):
          if range.isEmpty { throw ContractBroken(description: "empty body piece") }
          transcript.body(UnsafeRawBufferPointer(rebasing: piece[range]))
        case .trailers(let fields): transcript.note("trailers", fields)
        case .end: transcript.note("end")
        }
      }
    }
    try parser.finish()
    transcript.note("finished")
  } catch let error as HTTP1Error {
    transcript.note("error \(error.kind) \(error.excerpt)")
  }
  return transcript
}

/// The response parser's output for these bytes, followed by the end of the input, for requests with these methods.
/// Further requests are GET.
func responseTranscript(
  _ bytes: [UInt8], to methods: [HTTPMethod] = [], cuts: [Int] = [], limits: HTTP1Limits = HTTP1Limits()
) throws -> Transcript {
  var transcript = Transcript()
  var following = methods.dropFirst()
  var parser = HTTP1ResponseParser(respondingTo: methods.first ?? .get, limits: limits)
  do {
    try withPieces(of: bytes, cuts: cuts) { piece in
      var offset = 0
      var events = 0
      while true {
        let before = offset
        guard let event = try parser.next(in: piece, at: &offset) else {
          if !parser.hasEnded, offset != piece.count { throw ContractBroken(description: "nil with bytes left") }
          if parser.hasSwitchedProtocols { transcript.rest(UnsafeRawBufferPointer(rebasing: piece[offset...])) }
          if !parser.hasEnded || parser.hasSwitchedProtocols || offset == piece.count { break }
          parser.startNext(respondingTo: following.popFirst() ?? .get)
          continue
        }
        events += 1
        if offset < before || events > 2 * piece.count + 4 { throw ContractBroken(description: "no progress") }
        switch event {
        case .informational(let head): transcript.note("informational \(head.status) \(head.reason)", head.fields)
        case .head(let head):
          transcript.note(
            "\(head.version) \(head.status) \(head.reason) \(head.framing) alive=\(head.keepsConnectionAlive)",
            head.fields)
        case .body(let range):
          if range.isEmpty { throw ContractBroken(description: "empty body piece") }
          transcript.body(UnsafeRawBufferPointer(rebasing: piece[range]))
        case .trailers(let fields): transcript.note("trailers", fields)
        case .end: transcript.note("end")
        }
      }
    }
    if try parser.finish() != nil { transcript.note("end") }
    transcript.note("finished")
  } catch let error as HTTP1Error {
    transcript.note("error \(error.kind) \(error.excerpt)")
  }
  return transcript
}

/// The request parser's final error; nil without an error.
func requestError(_ text: String, limits: HTTP1Limits = HTTP1Limits()) -> HTTP1Error? {
  var parser = HTTP1RequestParser(limits: limits)
  let bytes = Array(text.utf8)
  var offset = 0
  do {
    repeat {
      if parser.hasEnded { parser.startNext() }
      while try parser.next(in: bytes, at: &offset) != nil {}
    } while offset < bytes.count
    try parser.finish()
    return nil
  } catch { return error }
}

/// The response parser's final error; nil without an error. Bytes after the first response stay unread.
func responseError(
  _ text: String, to method: HTTPMethod = .get, limits: HTTP1Limits = HTTP1Limits()
) -> HTTP1Error? {
  var parser = HTTP1ResponseParser(respondingTo: method, limits: limits)
  let bytes = Array(text.utf8)
  var offset = 0
  do {
    while try parser.next(in: bytes, at: &offset) != nil {}
    _ = try parser.finish()
    return nil
  } catch { return error }
}
