// SPDX-License-Identifier: Apache-2.0
// `import AsyncIO` gives the engine's public types, the backtraces in its reports, dates and time zones, and everything
// in this target's folders.

@_exported public import AsyncIOCore
@_exported public import CivilTime
@_exported public import ThreadBacktraces
