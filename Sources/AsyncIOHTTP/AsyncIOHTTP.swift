// SPDX-License-Identifier: Apache-2.0
// `import AsyncIOHTTP` brings the client and, from the codec, the words it speaks: HTTPURL, HTTPMethod, HTTPFields.

@_exported public import HTTP1Codec
