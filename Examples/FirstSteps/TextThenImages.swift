// SPDX-License-Identifier: Apache-2.0
// text_then_images.py, line by line: all of a page loads at once; its text is shown first, each image when it arrives.

import AsyncIO

func load(_ name: String, taking duration: Duration) async throws -> String {
  try await sleep(duration)
  return name
}

func textThenImages() async throws {
  let images = [("map", 600), ("portrait", 200), ("logo", 400)].map { name, milliseconds in
    createTask { try await load(name, taking: .milliseconds(milliseconds)) }
  }
  print("text:", try await load("once upon a time", taking: .milliseconds(100)))
  for try await image in asCompleted(images) {
    print("image:", try await image.value)
  }
}
