// SPDX-License-Identifier: Apache-2.0
#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "CThreadSanitizer.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

// Functions of the sanitizer's runtime.
void __tsan_acquire(void *address);
void __tsan_release(void *address);

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define SWIFT_CALL __attribute__((swiftcall))
#define SWIFT_SELF __attribute__((swift_context))

// The functions of `struct _MutexHandle`: the handle is the word that threads wait on.
typedef SWIFT_CALL void (*lock_function)(uint32_t thread, void *handle SWIFT_SELF);
typedef SWIFT_CALL void (*unlock_function)(void *handle SWIFT_SELF);
typedef SWIFT_CALL bool (*try_lock_function)(void *handle SWIFT_SELF);

SWIFT_CALL void asyncio_lock_slow(uint32_t thread, void *handle SWIFT_SELF) __asm__(LOCK);
SWIFT_CALL void asyncio_unlock_slow(void *handle SWIFT_SELF) __asm__(UNLOCK);
SWIFT_CALL bool asyncio_try_lock_slow(void *handle SWIFT_SELF) __asm__(TRY_LOCK);

static void *library_function(const char *name) {
  void *function = dlsym(RTLD_NEXT, name);
  if (!function) abort();
  return function;
}

SWIFT_CALL void asyncio_lock_slow(uint32_t thread, void *handle SWIFT_SELF) {
  ((lock_function)library_function(LOCK))(thread, handle);
  __tsan_acquire(handle);
}

SWIFT_CALL void asyncio_unlock_slow(void *handle SWIFT_SELF) {
  __tsan_release(handle);
  ((unlock_function)library_function(UNLOCK))(handle);
}

SWIFT_CALL bool asyncio_try_lock_slow(void *handle SWIFT_SELF) {
  bool is_locked = ((try_lock_function)library_function(TRY_LOCK))(handle);
  if (is_locked) __tsan_acquire(handle);
  return is_locked;
}
#endif
#endif
