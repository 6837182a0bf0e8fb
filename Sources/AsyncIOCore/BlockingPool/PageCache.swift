// SPDX-License-Identifier: Apache-2.0

import CLinux

/// What the kernel keeps of files in memory.
package enum PageCache {
  /// Whether the byte of a file at the offset can be had without waiting for a disk; also where nobody can tell.
  package static func holds(_ file: Int32, at offset: Int) -> Bool { asyncio_is_cached(file, offset) != 0 }
}
