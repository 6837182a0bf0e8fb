// SPDX-License-Identifier: Apache-2.0
// `import AsyncIO` is the engine's public types and everything in this target's folders.

@_exported public import AsyncIOCore
