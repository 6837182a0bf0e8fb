// SPDX-License-Identifier: Apache-2.0
// Counts what one thread allocates. The test program's own malloc family takes the place of glibc's: the dynamic
// linker looks into the program first, for the Swift runtime's calls too. Each hands on to glibc's second name for the
// same function, so nothing else changes.
#pragma once
#include <stddef.h>

// Starts to count for the calling thread, from 0.
void allocation_count_begin(void);
// What the calling thread allocated since it began to count; it stops counting.
size_t allocation_count_end(void);
