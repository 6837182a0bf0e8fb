// SPDX-License-Identifier: Apache-2.0
import HTTP1Codec
import TestSupport
import Testing

/// Damaged messages: never a crash, never a standstill (the transcript checks that), never two interpretations.
struct FuzzTests {
  static let cases = 52_000

  @Test func `damaged requests are read one way only`() throws {
    var random = SplitMix64(seed: 0x5EED)
    let corpus = Corpus.requests.map { Array($0.utf8) }
    var outcomes = Outcomes()
    for number in 0..<Self.cases {
      let bytes = Mutator.mutate(corpus, &random)
      let limits = number % 4 == 0 ? Mutator.tightLimits : HTTP1Limits()
      let whole = try requestTranscript(bytes, limits: limits)
      let cuts = Mutator.cuts(of: bytes.count, &random)
      let split = try requestTranscript(bytes, cuts: cuts, limits: limits)
      outcomes.count(whole)
      guard whole == split else {
        Issue.record("case \(number): \(Mutator.shown(bytes)) cut at \(cuts):\n\(whole)\nagainst\n\(split)")
        return
      }
    }
    #expect(outcomes.accepted > Self.cases / 20 && outcomes.rejected > Self.cases / 4, "\(outcomes)")
  }

  @Test func `damaged responses are read one way only`() throws {
    var random = SplitMix64(seed: 0xFEED)
    let corpus = Corpus.responses.map { Array($0.text.utf8) }
    var outcomes = Outcomes()
    for number in 0..<Self.cases {
      let bytes = Mutator.mutate(corpus, &random)
      let limits = number % 4 == 0 ? Mutator.tightLimits : HTTP1Limits()
      let methods = Corpus.responses[random.below(corpus.count)].methods
      let whole = try responseTranscript(bytes, to: methods, limits: limits)
      let cuts = Mutator.cuts(of: bytes.count, &random)
      let split = try responseTranscript(bytes, to: methods, cuts: cuts, limits: limits)
      outcomes.count(whole)
      guard whole == split else {
        Issue.record("case \(number): \(Mutator.shown(bytes)) cut at \(cuts):\n\(whole)\nagainst\n\(split)")
        return
      }
    }
    #expect(outcomes.accepted > Self.cases / 20 && outcomes.rejected > Self.cases / 4, "\(outcomes)")
  }

  /// A mutator that breaks everything, or nothing, proves nothing.
  private struct Outcomes {
    var accepted = 0
    var rejected = 0

    mutating func count(_ transcript: Transcript) {
      if transcript.bytes.suffix(9).elementsEqual("finished\n".utf8) { accepted += 1 } else { rejected += 1 }
    }
  }
}
