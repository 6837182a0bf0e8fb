// SPDX-License-Identifier: Apache-2.0
// hello_world.py, line by line: two tasks say hello, wait for the same second, and say world.

import AsyncIO

func sayHello() async throws {
  print("hello")
  try await sleep(.seconds(1))
  print("world")
}

func helloWorld() async throws {
  try await gather(sayHello, sayHello)
}
