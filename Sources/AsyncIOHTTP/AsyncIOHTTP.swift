// SPDX-License-Identifier: Apache-2.0
// `import AsyncIOHTTP` gives the client and the codec's types that it uses: HTTPURL, HTTPMethod, HTTPFields.

@_exported public import HTTP1Codec
