// SPDX-License-Identifier: Apache-2.0
import HTTP1Codec
import TestSupport
import Testing

/// The property that everything else relies on: the way in which the bytes are split makes no difference.
struct SplitTests {
  static let randomSplits = 1000

  @Test(arguments: Corpus.requests)
  func `requests read the same however they are split`(text: String) throws {
    let bytes = Array(text.utf8)
    let whole = try requestTranscript(bytes)
    #expect(whole.description.hasSuffix("end\nfinished\n"))
    #expect(try requestTranscript(bytes, cuts: Array(1..<bytes.count)) == whole)
    var random = SplitMix64(seed: 1)
    for _ in 0..<Self.randomSplits {
      let cuts = randomCuts(of: bytes.count, &random)
      #expect(try requestTranscript(bytes, cuts: cuts) == whole, "cut at \(cuts)")
    }
  }

  @Test(arguments: Corpus.responses)
  func `responses read the same however they are split`(example: Corpus.Responses) throws {
    let bytes = Array(example.text.utf8)
    let whole = try responseTranscript(bytes, to: example.methods)
    #expect(whole.description.hasSuffix("finished\n"))
    #expect(try responseTranscript(bytes, to: example.methods, cuts: Array(1..<bytes.count)) == whole)
    var random = SplitMix64(seed: 2)
    for _ in 0..<Self.randomSplits {
      let cuts = randomCuts(of: bytes.count, &random)
      #expect(try responseTranscript(bytes, to: example.methods, cuts: cuts) == whole, "cut at \(cuts)")
    }
  }

  @Test func `every single cut of every message makes no difference`() throws {
    for text in Corpus.requests {
      let bytes = Array(text.utf8)
      let whole = try requestTranscript(bytes)
      for cut in 0...bytes.count { #expect(try requestTranscript(bytes, cuts: [cut]) == whole, "cut at \(cut)") }
    }
    for example in Corpus.responses {
      let bytes = Array(example.text.utf8)
      let whole = try responseTranscript(bytes, to: example.methods)
      for cut in 0...bytes.count {
        #expect(try responseTranscript(bytes, to: example.methods, cuts: [cut]) == whole, "cut at \(cut)")
      }
    }
  }
}
