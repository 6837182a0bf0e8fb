// SPDX-License-Identifier: Apache-2.0
//
// swift_demangle is exported by libswiftCore but not declared by any header that the toolchain installs. Weak, so that
// a runtime without it costs readable names and not the link.

#include "CLinuxBacktrace.h"

extern char *swift_demangle(const char *name, size_t length, char *output, size_t *output_size, uint32_t flags)
    __attribute__((weak));

char *backtrace_demangle(const char *name, size_t length) {
  return swift_demangle ? swift_demangle(name, length, NULL, NULL, 0) : NULL;
}
