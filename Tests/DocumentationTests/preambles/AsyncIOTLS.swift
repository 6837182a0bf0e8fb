// SPDX-License-Identifier: Apache-2.0
// What the snippets in the comments of AsyncIOTLS have around them.

import AsyncIO
import AsyncIOTLS
