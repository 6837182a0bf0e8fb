// SPDX-License-Identifier: Apache-2.0
import HTTPSemantics
import Testing

@Suite struct HTTPDateTests {
  @Test(
    arguments: [
      ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
      ("Sun Nov  6 08:49:37 1994", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
      ("Thu Feb 29 23:59:60 2024", 1_709_251_200), ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
      ("Wed, 31 Dec 1969 23:59:59 GMT", -1), ("Tuesday, 01-Jan-69 00:00:00 GMT", 3_124_224_000),
      ("Friday, 01-Jan-71 00:00:00 GMT", 31_536_000),
    ] as [(String, Int64)])
  func `reads all three forms`(text: String, seconds: Int64) { #expect(HTTPDate(text)?.secondsSinceEpoch == seconds) }

  @Test(arguments: [
    "", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37",
    "Sun Nov 6 08:49:37 1994",
    "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 29 Feb 1900 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
    "sun, 06 nov 1994 08:49:37 gmt", "Sun, 06 Nov 1994 08:49:37 GMT ", "Sunday, 06 Nov 1994 08:49:37 GMT",
    "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 94 08:49:37 GMT",
  ])
  func `refuses everything else`(text: String) { #expect(HTTPDate(text) == nil) }

  @Test func `reads what it writes`() {
    var seconds: Int64 = -62_167_219_200
    while seconds < 253_402_300_799 {
      let date = HTTPDate(secondsSinceEpoch: seconds)
      #expect(HTTPDate(date.description) == date)
      seconds += 86_400 * 97 + 12_345
    }
  }

  @Test func `writes the form of RFC 9110`() {
    #expect(HTTPDate(secondsSinceEpoch: 784_111_777).description == "Sun, 06 Nov 1994 08:49:37 GMT")
    #expect(HTTPDate(secondsSinceEpoch: .max).description == "Fri, 31 Dec 9999 23:59:59 GMT")
    #expect(HTTPDate(secondsSinceEpoch: .min).description == "Sat, 01 Jan 0000 00:00:00 GMT")
  }
}
