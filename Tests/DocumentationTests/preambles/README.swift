// SPDX-License-Identifier: Apache-2.0
// The surroundings of the snippets of README.md.

import AsyncIO
