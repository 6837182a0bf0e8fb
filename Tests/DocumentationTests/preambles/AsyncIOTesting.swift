// SPDX-License-Identifier: Apache-2.0
// What the snippets in the comments of AsyncIOTesting have around them.

import AsyncIO
import AsyncIOTesting
import Testing
