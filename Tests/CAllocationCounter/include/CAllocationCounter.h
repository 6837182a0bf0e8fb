// SPDX-License-Identifier: Apache-2.0
// Counts the allocations of one thread. The test program's own malloc family replaces glibc's: the dynamic linker looks
// into the program first, for the Swift runtime's calls too. Each function forwards to glibc's second name for it, so
// nothing else changes.
#pragma once
#include <stddef.h>

// Starts to count for the calling thread, from 0.
void allocation_count_begin(void);
// Stops counting, and returns the number of the calling thread's allocations since it began.
size_t allocation_count_end(void);
