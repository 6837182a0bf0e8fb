// SPDX-License-Identifier: Apache-2.0

import AsyncIOCore

/// How many items a queue holds: asyncio's 0 means any number.
@usableFromInline func queueCapacity(_ name: StaticString, _ maxSize: Int) -> Int {
  require(maxSize >= 0, "\(name).init: maxSize is \(maxSize); it is 0, for any number of items, or more")
  return maxSize == 0 ? .max : maxSize
}

extension Handover {
  @inlinable var maxSize: Int { capacity == .max ? 0 : capacity }
}
