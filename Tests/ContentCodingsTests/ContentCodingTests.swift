// SPDX-License-Identifier: Apache-2.0
import ContentCodings
import Testing

private func sample(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
  var state = seed
  return (0..<count).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return UInt8(truncatingIfNeeded: state >> 60) &+ 0x61
  }
}

private func packed(_ bytes: [UInt8], _ coding: ContentCoding = .gzip) -> [UInt8] {
  var compressor = Compressor(coding)
  var output: [UInt8] = []
  compressor.append(bytes, into: &output)
  compressor.finish(into: &output)
  return output
}

@Suite struct ContentCodingTests {
  @Test(arguments: [0, 1, 100, 65_536, 1_000_000])
  func `what is compressed comes back`(count: Int) throws {
    for coding in ContentCoding.available {
      let bytes = sample(count)
      let small = packed(bytes, coding)
      if count > 1000 { #expect(small.count < count * 6 / 10) }
      #expect(try Decompressor.whole(small, coding, upTo: count) == bytes)
    }
  }

  @Test func `reads what gzip writes`() throws {
    // `printf hi | gzip -n`, twice: members one behind the other.
    let member: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xcb, 0xc8, 4, 0, 0xac, 0x2a, 0x93, 0xd8, 2, 0, 0, 0]
    #expect(try Decompressor.whole(member + member, .gzip, upTo: 10) == Array("hihi".utf8))
  }

  @Test func `splits change nothing`() throws {
    let bytes = sample(20_000)
    let small = packed(bytes)
    for step in [1, 2, 3, 7, 100, 4096] {
      var decompressor = Decompressor(.gzip, upTo: 20_000)
      var output: [UInt8] = []
      for start in stride(from: 0, to: small.count, by: step) {
        try decompressor.append(Array(small[start..<min(start + step, small.count)]), into: &output)
      }
      try decompressor.finish()
      #expect(output == bytes)
    }
  }

  @Test func `gives no more than it is asked for`() throws {
    let small = packed([UInt8](repeating: 0, count: 300_000))
    var decompressor = Decompressor(.gzip, upTo: 300_000)
    var output: [UInt8] = []
    var offset = 0
    var calls = 1
    while try !decompressor.next(in: small, at: &offset, into: &output, upTo: 1000) {
      #expect(output.count <= calls * 1000)
      calls += 1
    }
    #expect(output.count == 300_000 && calls >= 300)
  }

  @Test func `accepts deflate with and without its wrapper`() throws {
    let bytes = sample(5000)
    var raw = Compressor(rawWithWindowBits: 15)
    var output: [UInt8] = []
    raw.append(bytes, into: &output)
    raw.finish(into: &output)
    #expect(try Decompressor.whole(output, .deflate, upTo: 5000) == bytes)
    #expect(try Decompressor.whole(packed(bytes, .deflate), .deflate, upTo: 5000) == bytes)
  }

  @Test func `a flushed piece can be read`() throws {
    var compressor = Compressor(.gzip)
    var decompressor = Decompressor(.gzip, upTo: 1000)
    for word in ["one", "two", "three"] {
      var piece: [UInt8] = []
      var read: [UInt8] = []
      compressor.append(Array(word.utf8), into: &piece)
      compressor.flush(into: &piece)
      try decompressor.append(piece, into: &read)
      #expect(String(decoding: read, as: UTF8.self) == word)
    }
  }

  @Test func `a message after the other shares the window`() throws {
    // permessage-deflate: each message is flushed, its last four bytes are left out, and put back to read it.
    var compressor = Compressor(rawWithWindowBits: 12, memoryLevel: 5)
    var decompressor = Decompressor(rawWithWindowBits: 12, upTo: 1000)
    var sizes: [Int] = []
    for _ in 0..<3 {
      let text = Array("a message that repeats itself".utf8)
      var piece: [UInt8] = []
      compressor.append(text, into: &piece)
      compressor.flush(into: &piece)
      #expect(piece.suffix(4) == [0, 0, 0xFF, 0xFF])
      sizes.append(piece.count)
      var read: [UInt8] = []
      decompressor.beginMessage()
      try decompressor.append(piece, into: &read)
      #expect(read == text)
    }
    #expect(sizes[1] < sizes[0])
    compressor.reset()
    decompressor.reset()
    var piece: [UInt8] = []
    compressor.append(Array("x".utf8), into: &piece)
    compressor.flush(into: &piece)
    var read: [UInt8] = []
    try decompressor.append(piece, into: &read)
    #expect(read == Array("x".utf8))
  }

  @Test func `limits hold`() {
    let bomb = packed([UInt8](repeating: 0, count: 10_000_000))
    #expect(throws: ContentCodingError.self) { try Decompressor.whole(bomb, .gzip, upTo: 100_000_000) }
    #expect { try Decompressor.whole(bomb, .gzip, upTo: 1000) } throws: {
      ($0 as? ContentCodingError)?.kind == .tooLarge(limit: 1000)
    }
    #expect { try Decompressor.whole(bomb, .gzip, upTo: .max) } throws: {
      ($0 as? ContentCodingError)?.kind == .ratioTooHigh(limit: 200)
    }
    #expect((try? Decompressor.whole(bomb, .gzip, upTo: .max, maximumRatio: 2000).count) == 10_000_000)
  }

  @Test func `every cut is noticed`() throws {
    let small = packed(sample(500))
    for count in 1..<small.count {
      #expect { try Decompressor.whole(Array(small[..<count]), .gzip, upTo: 1000) } throws: {
        ($0 as? ContentCodingError)?.kind == .endedEarly
      }
    }
    #expect(try Decompressor.whole([], .gzip, upTo: 10) == [])
    #expect { try Decompressor.whole(packed([1], .deflate) + [1], .deflate, upTo: 10) } throws: {
      ($0 as? ContentCodingError)?.kind == .trailingData
    }
    #expect { try Decompressor.whole(packed([1]) + [1], .gzip, upTo: 10) } throws: { $0 is ContentCodingError }
  }

  @Test func `wrong bytes are an error and nothing else`() {
    var generator = SystemRandomNumberGenerator()
    let good = packed(sample(300))
    for _ in 0..<20_000 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      _ = try? Decompressor.whole(bytes, .gzip, upTo: 100_000)
    }
  }

  @Test func `knows names`() {
    #expect(ContentCoding("GZIP") == .gzip)
    #expect(ContentCoding("x-gzip") == .gzip)
    #expect(ContentCoding("compress") == nil)
  }
}
