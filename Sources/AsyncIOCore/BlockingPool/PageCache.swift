// SPDX-License-Identifier: Apache-2.0

import CLinux

/// The kernel's cache of files in memory.
package enum PageCache {
  /// Whether the byte at the offset can be read without waiting for a disk; true if the kernel can't tell.
  package static func holds(_ file: Int32, at offset: Int) -> Bool { asyncio_is_cached(file, offset) != 0 }
}
