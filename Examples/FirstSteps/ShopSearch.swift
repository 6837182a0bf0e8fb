// SPDX-License-Identifier: Apache-2.0
// shop_search.py, line by line: all suppliers are asked at once, and after two seconds the shop shows the answers so
// far. Slower suppliers are cancelled.

import AsyncIO

func ask(_ supplier: String, for thing: String, taking duration: Duration) async throws -> String {
  do {
    try await sleep(duration)
  } catch is CancellationError {
    print(supplier, "was too slow")
    throw CancellationError()
  }
  return "\(thing) from \(supplier)"
}

func shopSearch() async throws {
  let suppliers = [("Abel", 300), ("Bauer", 60_000), ("Cohn", 100)]
  var offers: [String] = []
  try await moveOnAfter(.seconds(2)) {
    try await withTaskScope { scope in
      for (supplier, milliseconds) in suppliers {
        scope.createTask {
          offers.append(try await ask(supplier, for: "a lamp", taking: .milliseconds(milliseconds)))
        }
      }
    }
  }
  print("\(offers.count) offers:", offers.joined(separator: ", "))
}
