// SPDX-License-Identifier: Apache-2.0
// What the snippets of docs/where-code-runs.md have around them.

import AsyncIO
import AsyncIOTesting
import Testing
