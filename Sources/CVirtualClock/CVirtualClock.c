// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CVirtualClock.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)
#define MANY_READINGS 1000000
#define READINGS_A_STEP 10000
#define FIRST_STEP INT64_C(1000000)
#define LONGEST_STEP (3600 * SECOND)

static _Thread_local struct asyncio_virtual_clock *virtual_clock;

// The seconds by which the next reading of the wall clock is off; 0 for no jumps.
static _Thread_local int64_t jump;

void asyncio_let_wall_clock_jump(int64_t seconds) { jump = seconds; }

void asyncio_use_virtual_clock(struct asyncio_virtual_clock *clock) {
  virtual_clock = clock;
  if (clock) asyncio_renew_virtual_clock(clock);
}

// libc's own function of that name, looked up once. A function whose meaning has changed has a version. That version is
// looked up first: without it the dynamic linker may give the older function.
#define LIBC(name, version)                                                                   \
  ({                                                                                          \
    static _Atomic(__typeof__(&name)) found;                                                  \
    __typeof__(&name) function = atomic_load_explicit(&found, memory_order_relaxed);          \
    if (!function) {                                                                          \
      if (version) function = (__typeof__(&name))dlvsym(RTLD_NEXT, #name, (const char *)version); \
      if (!function) function = (__typeof__(&name))dlsym(RTLD_NEXT, #name);                   \
      atomic_store_explicit(&found, function, memory_order_relaxed);                          \
    }                                                                                         \
    function;                                                                                 \
  })

static bool is_wall(clockid_t clock) { return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE; }

static bool is_virtual(clockid_t clock) {
  return is_wall(clock) || clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_RAW ||
         clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_BOOTTIME;
}

static int64_t sum(int64_t a, int64_t b) {
  int64_t result;
  return __builtin_add_overflow(a, b, &result) ? INT64_MAX : result;
}

static void advance(int64_t nanoseconds) {
  asyncio_set_virtual_now(virtual_clock, sum(asyncio_virtual_now(virtual_clock), nanoseconds));
}

static int64_t origin(clockid_t clock) {
  return is_wall(clock) ? ASYNCIO_VIRTUAL_EPOCH * SECOND + virtual_clock->wall_offset : ASYNCIO_VIRTUAL_MONOTONIC_START;
}

static int64_t virtual_time(clockid_t clock) { return sum(asyncio_virtual_now(virtual_clock), origin(clock)); }

static int64_t nanoseconds(const struct timespec *time) {
  int64_t result;
  if (__builtin_mul_overflow((int64_t)time->tv_sec, SECOND, &result)) return time->tv_sec < 0 ? INT64_MIN / 2 : INT64_MAX;
  return sum(result, time->tv_nsec);
}

// How far away a deadline on a virtual clock is; never negative.
static int64_t until(clockid_t clock, const struct timespec *deadline) {
  int64_t remaining = nanoseconds(deadline) - virtual_time(clock);
  return remaining > 0 ? remaining : 0;
}

static struct timespec timespec_of(int64_t nanoseconds) {
  return (struct timespec){.tv_sec = nanoseconds / SECOND, .tv_nsec = nanoseconds % SECOND};
}

static bool is_valid(const struct timespec *time) { return time->tv_nsec >= 0 && time->tv_nsec < SECOND; }

// MARK: - Reading

static int real_clock_gettime(clockid_t clock, struct timespec *time) {
  __typeof__(&clock_gettime) function = LIBC(clock_gettime, NULL);
  return function ? function(clock, time) : (int)syscall(SYS_clock_gettime, clock, time);
}

static void count_reading(void) {
  int64_t beyond = ++virtual_clock->readings - MANY_READINGS;
  if (beyond < 0 || beyond % READINGS_A_STEP) return;
  int64_t step = virtual_clock->step ? virtual_clock->step * 2 : FIRST_STEP;
  virtual_clock->step = step < LONGEST_STEP ? step : LONGEST_STEP;
  advance(virtual_clock->step);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  if (!virtual_clock || !is_virtual(clock)) {
    int result = real_clock_gettime(clock, time);
    if (jump && !result && is_wall(clock)) time->tv_sec += jump = -jump;
    return result;
  }
  count_reading();
  *time = timespec_of(virtual_time(clock));
  return 0;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  if (!virtual_clock) {
    int result = LIBC(gettimeofday, NULL)(time, zone);
    if (jump && !result && time) time->tv_sec += jump = -jump;
    return result;
  }
  count_reading();
  int64_t now = virtual_time(CLOCK_REALTIME);
  *time = (struct timeval){.tv_sec = now / SECOND, .tv_usec = now % SECOND / 1000};
  return 0;
}

// MARK: - Sleeping

int nanosleep(const struct timespec *duration, struct timespec *remaining) {
  if (!virtual_clock) return LIBC(nanosleep, NULL)(duration, remaining);
  if (!is_valid(duration) || duration->tv_sec < 0) {
    errno = EINVAL;
    return -1;
  }
  advance(nanoseconds(duration));
  return 0;
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *remaining) {
  if (!virtual_clock || !is_virtual(clock)) return LIBC(clock_nanosleep, NULL)(clock, flags, time, remaining);
  if (!is_valid(time) || time->tv_sec < 0) return EINVAL;
  advance(flags & TIMER_ABSTIME ? until(clock, time) : nanoseconds(time));
  return 0;
}

int usleep(useconds_t microseconds) {
  if (!virtual_clock) return LIBC(usleep, NULL)(microseconds);
  advance((int64_t)microseconds * 1000);
  return 0;
}

unsigned int sleep(unsigned int seconds) {
  if (!virtual_clock) return LIBC(sleep, NULL)(seconds);
  advance((int64_t)seconds * SECOND);
  return 0;
}

// MARK: - Waiting until

// The deadline on the machine's clock. A wait that reaches it has taken as long in virtual time.
static struct timespec real_deadline(clockid_t clock, int64_t remaining) {
  struct timespec now;
  real_clock_gettime(clock, &now);
  return timespec_of(sum(nanoseconds(&now), remaining));
}

#define WAIT_UNTIL(clock, deadline, timed_out, call)                      \
  ({                                                                      \
    int64_t remaining = until(clock, deadline);                           \
    struct timespec real = real_deadline(clock, remaining);               \
    int result = call;                                                    \
    if (timed_out) advance(remaining);                                    \
    result;                                                               \
  })

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict deadline) {
  __typeof__(&sem_timedwait) function = LIBC(sem_timedwait, NULL);
  if (!virtual_clock || !is_valid(deadline)) return function(semaphore, deadline);
  return WAIT_UNTIL(CLOCK_REALTIME, deadline, result != 0 && errno == ETIMEDOUT, function(semaphore, &real));
}

int sem_clockwait(sem_t *restrict semaphore, clockid_t clock, const struct timespec *restrict deadline) {
  __typeof__(&sem_clockwait) function = LIBC(sem_clockwait, NULL);
  if (!virtual_clock || !is_virtual(clock) || !is_valid(deadline)) return function(semaphore, clock, deadline);
  return WAIT_UNTIL(clock, deadline, result != 0 && errno == ETIMEDOUT, function(semaphore, clock, &real));
}

// The clock of a deadline that does not name one: no monotonic clock has come as far as the wall clock.
static clockid_t clock_of(const struct timespec *deadline) {
  return deadline->tv_sec < ASYNCIO_VIRTUAL_EPOCH ? CLOCK_MONOTONIC : CLOCK_REALTIME;
}

// The thread sanitizer must intercept these itself: otherwise it would no longer see that they release the mutex.
#if !__has_feature(thread_sanitizer)
int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict deadline) {
  __typeof__(&pthread_cond_timedwait) function = LIBC(pthread_cond_timedwait, "GLIBC_2.3.2");
  if (!virtual_clock || !is_valid(deadline)) return function(condition, mutex, deadline);
  clockid_t clock = clock_of(deadline);
  return WAIT_UNTIL(clock, deadline, result == ETIMEDOUT, function(condition, mutex, &real));
}

int pthread_cond_clockwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex, clockid_t clock,
                           const struct timespec *restrict deadline) {
  __typeof__(&pthread_cond_clockwait) function = LIBC(pthread_cond_clockwait, NULL);
  if (!virtual_clock || !is_virtual(clock) || !is_valid(deadline)) return function(condition, mutex, clock, deadline);
  return WAIT_UNTIL(clock, deadline, result == ETIMEDOUT, function(condition, mutex, clock, &real));
}

int pthread_mutex_timedlock(pthread_mutex_t *restrict mutex, const struct timespec *restrict deadline) {
  __typeof__(&pthread_mutex_timedlock) function = LIBC(pthread_mutex_timedlock, NULL);
  if (!virtual_clock || !is_valid(deadline)) return function(mutex, deadline);
  return WAIT_UNTIL(CLOCK_REALTIME, deadline, result == ETIMEDOUT, function(mutex, &real));
}
#endif
