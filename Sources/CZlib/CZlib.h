// SPDX-License-Identifier: Apache-2.0
// zlib for Swift: its header, and functions for those of its macros that Swift does not import.
#pragma once
#include <zlib.h>

// The macros deflateInit2 and inflateInit2 pass the version and the size of z_stream that this was compiled with.
static inline int asyncio_deflate_init(z_stream *stream, int level, int windowBits, int memoryLevel) {
  return deflateInit2(stream, level, Z_DEFLATED, windowBits, memoryLevel, Z_DEFAULT_STRATEGY);
}

static inline int asyncio_inflate_init(z_stream *stream, int windowBits) { return inflateInit2(stream, windowBits); }
