// SPDX-License-Identifier: Apache-2.0
// What the snippets in the comments of AsyncIOHTTP have around them.

import AsyncIOHTTP
