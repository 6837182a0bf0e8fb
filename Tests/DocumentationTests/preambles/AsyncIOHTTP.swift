// SPDX-License-Identifier: Apache-2.0
// The surroundings of the snippets in the comments of AsyncIOHTTP.

import AsyncIO
import AsyncIOHTTP

func page(_ request: HTTPServerRequest, _ response: HTTPServerResponse) async throws {}
