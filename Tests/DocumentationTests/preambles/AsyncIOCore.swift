// SPDX-License-Identifier: Apache-2.0
// What the snippets in the comments of AsyncIOCore have around them.

import AsyncIO
