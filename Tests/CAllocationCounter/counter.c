// SPDX-License-Identifier: Apache-2.0
#include "CAllocationCounter.h"
#include <errno.h>
#include <stdbool.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static _Thread_local bool is_counting;
static _Thread_local size_t count;

void allocation_count_begin(void) {
  count = 0;
  is_counting = true;
}

size_t allocation_count_end(void) {
  is_counting = false;
  return count;
}

// The thread and address sanitizers replace malloc themselves, and do not start if another one is there: under them
// nothing is counted.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define MALLOC_IS_TAKEN
#endif
#endif

#ifndef MALLOC_IS_TAKEN
static inline void counted(void) {
  if (is_counting) count++;
}

void *malloc(size_t size) {
  counted();
  return __libc_malloc(size);
}

void *calloc(size_t members, size_t size) {
  counted();
  return __libc_calloc(members, size);
}

void *realloc(void *block, size_t size) {
  counted();
  return __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  counted();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
  counted();
  *block = __libc_memalign(alignment, size);
  return *block ? 0 : ENOMEM;
}
#endif
