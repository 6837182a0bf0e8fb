// SPDX-License-Identifier: Apache-2.0
// The surroundings of the snippets of docs/where-code-runs.md.

import AsyncIO
import AsyncIOTesting
import Testing
