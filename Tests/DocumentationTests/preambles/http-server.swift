// SPDX-License-Identifier: Apache-2.0
// The surroundings of the snippets of docs/http-server.md.

import AsyncIO
import AsyncIOHTTP
import AsyncIOTesting
import Testing
