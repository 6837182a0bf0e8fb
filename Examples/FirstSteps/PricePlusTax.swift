// SPDX-License-Identifier: Apache-2.0
// price_plus_tax.py, line by line: a function that waits returns a value like any other.

import AsyncIO

func pricePlusTax(_ price: Double, rate: Double) async throws -> Double {
  try await sleep(.milliseconds(200))  // asks the tax office
  return price + price * rate
}

func pricePlusTax() async throws {
  print(try await pricePlusTax(100, rate: 0.2))
}
