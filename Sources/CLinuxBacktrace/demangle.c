// SPDX-License-Identifier: Apache-2.0
//
// libswiftCore exports swift_demangle, but no header of the toolchain declares it. It is weak, so that a runtime
// without it costs readable names and not the link.

#include "CLinuxBacktrace.h"

extern char *swift_demangle(const char *name, size_t length, char *output, size_t *output_size, uint32_t flags)
    __attribute__((weak));

char *backtrace_demangle(const char *name, size_t length) {
  return swift_demangle ? swift_demangle(name, length, NULL, NULL, 0) : NULL;
}
