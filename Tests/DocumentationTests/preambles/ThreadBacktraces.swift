// SPDX-License-Identifier: Apache-2.0
// What the snippets in the comments of ThreadBacktraces have around them.

import ThreadBacktraces

let stuckThread: Int32 = 1
