// SPDX-License-Identifier: Apache-2.0
// What the snippets of README.md have around them.

import AsyncIO
