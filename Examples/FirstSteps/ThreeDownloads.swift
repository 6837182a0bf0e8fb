// SPDX-License-Identifier: Apache-2.0
// three_downloads.py, line by line: three at once take as long as the longest, and their results come in order.

import AsyncIO

func download(_ name: String, taking duration: Duration) async throws -> Int {
  try await sleep(duration)  // a real one: try await fetch(url)
  print("downloaded", name)
  return name.count
}

func threeDownloads() async throws {
  let (first, second, third) = try await gather(
    { try await download("a.txt", taking: .milliseconds(600)) },
    { try await download("photo.jpg", taking: .milliseconds(200)) },
    { try await download("film.webm", taking: .milliseconds(400)) })
  print("sizes:", first, second, third)
}
