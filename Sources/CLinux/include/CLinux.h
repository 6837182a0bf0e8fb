// SPDX-License-Identifier: Apache-2.0
// Features of Linux that Swift needs but cannot express: a thread-local word, the io_uring ABI, and atomics on the
// ring's shared memory. Everything here is either `static inline` or one word of storage.
#pragma once
#include "datagrams.h"
#include "files.h"
#include "io_uring_abi.h"
#include "signals.h"
#include "sockets.h"
#include "start_child.h"
#include "workers.h"
#include <errno.h>
#include <fcntl.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

// The loop that runs on this thread, or null. A real thread-local (initial-exec: one load relative to the thread
// pointer), because it is read by every enqueue and every stream call.
extern _Thread_local void *asyncio_current_loop_storage __attribute__((tls_model("initial-exec")));

static inline void *asyncio_current_loop(void) { return asyncio_current_loop_storage; }
static inline void asyncio_set_current_loop(void *loop) { asyncio_current_loop_storage = loop; }

static inline pid_t asyncio_thread_id(void) { return (pid_t)syscall(SYS_gettid); }

// The kernel keeps at most 15 characters (PR_SET_NAME in prctl(2)).
static inline void asyncio_set_thread_name(const char *name) { prctl(PR_SET_NAME, name); }

// The cores in this process's affinity mask: in a container, or under taskset, fewer than the machine has.
static inline int asyncio_available_cores(void) {
  unsigned long mask[16] = {0};
  long size = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
  int count = 0;
  for (long word = 0; word < size / (long)sizeof mask[0]; word++) count += __builtin_popcountl(mask[word]);
  return count > 0 ? count : 1;
}

static inline int64_t asyncio_monotonic_nanoseconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

// A timer of the wall clock that never expires, but whose read fails with ECANCELED once the clock has been set, and
// after the machine was suspended (TFD_TIMER_CANCEL_ON_SET in timerfd_create(2)). A descriptor, or a negative errno.
static inline int asyncio_open_wall_clock_watch(void) {
  int descriptor = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  if (descriptor < 0) return -errno;
  // The year 2242: the kernel clamps what it can't hold in nanoseconds.
  struct itimerspec never = {.it_value.tv_sec = INT64_C(8600000000)};
  if (timerfd_settime(descriptor, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) == 0) return descriptor;
  int error = errno;
  close(descriptor);
  return -error;
}

// Swift reads `errno` through a function. The engine needs the negative value at once, as io_uring returns it.
static inline ssize_t asyncio_send(int descriptor, const void *bytes, size_t count) {
  ssize_t result = send(descriptor, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
  return result < 0 ? -errno : result;
}
static inline ssize_t asyncio_send_vector(int descriptor, const struct iovec *buffers, size_t count) {
  struct msghdr message = {.msg_iov = (struct iovec *)buffers, .msg_iovlen = count};
  ssize_t result = sendmsg(descriptor, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  return result < 0 ? -errno : result;
}
// Keeps SIGPIPE from a call that has no flag against it. The signal goes to the calling thread, and stays pending while
// it is blocked. A thread that already blocks it takes it as before. The process's disposition does not change:
// programs that it starts would inherit it.
struct asyncio_held_signal {
  sigset_t mask;
  int was_pending;
};
static inline void asyncio_hold_pipe_signal(struct asyncio_held_signal *held) {
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, &held->mask);
  held->was_pending = 0;
  if (sigismember(&held->mask, SIGPIPE)) {
    sigset_t pending;
    held->was_pending = sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE);
  }
}
static inline void asyncio_release_pipe_signal(const struct asyncio_held_signal *held, int may_be_raised) {
  sigset_t pipe;
  struct timespec at_once = {0, 0};
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  if (may_be_raised && !held->was_pending)
    while (sigtimedwait(&pipe, NULL, &at_once) < 0 && errno == EINTR) {}
  if (!sigismember(&held->mask, SIGPIPE)) pthread_sigmask(SIG_SETMASK, &held->mask, NULL);
}
// sendfile(2) has neither MSG_NOSIGNAL nor MSG_DONTWAIT. A blocking socket is made non-blocking for the time of the
// call. Its description has no other user then: it belongs to one loop.
static inline ssize_t asyncio_send_file(int descriptor, int file, off_t offset, size_t count) {
  int flags = fcntl(descriptor, F_GETFL);
  if (!(flags & O_NONBLOCK)) fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
  struct asyncio_held_signal held;
  asyncio_hold_pipe_signal(&held);
  ssize_t result = sendfile(descriptor, file, &offset, count);
  if (result < 0) result = -errno;
  asyncio_release_pipe_signal(&held, result == -EPIPE);
  if (!(flags & O_NONBLOCK)) fcntl(descriptor, F_SETFL, flags);
  return result;
}
// Whether a byte of a file is in the page cache; true if the kernel can't tell.
static inline int asyncio_is_cached(int file, off_t offset) {
  char byte;
  struct iovec buffer = {.iov_base = &byte, .iov_len = 1};
  // preadv2(2) with RWF_NOWAIT; glibc hides it without _GNU_SOURCE.
  long result = syscall(SYS_preadv2, file, &buffer, 1UL, (unsigned long)offset, 0UL, 0x8);
  return result >= 0 || errno != EAGAIN;
}
static inline ssize_t asyncio_receive(int descriptor, void *bytes, size_t count) {
  ssize_t result = recv(descriptor, bytes, count, MSG_DONTWAIT);
  return result < 0 ? -errno : result;
}
static inline ssize_t asyncio_read(int descriptor, void *bytes, size_t count) {
  ssize_t result = read(descriptor, bytes, count);
  return result < 0 ? -errno : result;
}

// The bytes of a TCP connection that its peer has acknowledged (tcp_info's tcpi_bytes_acked, Linux 4.1, at offset 120).
// For another socket, the unread bytes of its output (SIOCOUTQ, which is TIOCOUTQ), as a negative number.
static inline int64_t asyncio_acknowledged(int descriptor) {
  uint64_t info[16] = {0};
  socklen_t length = sizeof info;
  if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, info, &length) == 0 && length >= sizeof info)
    return (int64_t)info[15];
  int unread = 0;
  return ioctl(descriptor, TIOCOUTQ, &unread) == 0 ? -(int64_t)unread : 0;
}

// The bytes that a TCP connection has received, the peer's FIN counted as one (tcpi_bytes_received, Linux 4.1, at
// offset 128). For another socket, -1.
static inline int64_t asyncio_received(int descriptor) {
  uint64_t info[17] = {0};
  socklen_t length = sizeof info;
  if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, info, &length) == 0 && length >= sizeof info)
    return (int64_t)info[16];
  return -1;
}

static inline int asyncio_real_time_signal_minimum(void) { return SIGRTMIN; }

// Whether this kernel knows RWF_NOSIGNAL (Linux 6.18).
int asyncio_has_silent_writes(void);
#define ASYNCIO_RWF_NOSIGNAL 0x100
// write(2) without SIGPIPE. That call has no flag against it.
ssize_t asyncio_write(int descriptor, const void *bytes, size_t count);

// pipe2(2), which glibc hides without _GNU_SOURCE. Returns 0 or a negative errno.
static inline int asyncio_pipe(int descriptors[2], int flags) {
  return syscall(SYS_pipe2, descriptors, flags) < 0 ? -errno : 0;
}

// glibc 2.32 and later; declared here because its header hides them without _GNU_SOURCE. That must stay unset: the
// toolchain's own module of libc was built without it.
const char *sigabbrev_np(int number);
extern const char *strerrorname_np(int code);
extern const char *strerrordesc_np(int code);
// glibc 2.30 and later, hidden likewise: a wait that is independent of changes to the machine's clock.
extern int sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *deadline);

// epoll_pwait2(2), Linux 5.11: a wait in nanoseconds. glibc has it since 2.35.
static inline int asyncio_epoll_wait(int epoll, struct epoll_event *events, int capacity,
                                     const struct timespec *timeout) {
#ifdef SYS_epoll_pwait2
  long result = syscall(SYS_epoll_pwait2, epoll, events, capacity, timeout, NULL, 0);
#else
  long result = syscall(441, epoll, events, capacity, timeout, NULL, 0);
#endif
  if (result < 0 && errno == ENOSYS) {
    int milliseconds = timeout ? (int)(timeout->tv_sec * 1000 + (timeout->tv_nsec + 999999) / 1000000) : -1;
    result = epoll_wait(epoll, events, capacity, milliseconds);
  }
  return result < 0 ? -errno : (int)result;
}
static inline uint64_t asyncio_epoll_data(const struct epoll_event *event) { return event->data.u64; }
static inline int asyncio_epoll_control(int epoll, int operation, int descriptor, uint32_t events, uint64_t data) {
  struct epoll_event event = {.events = events, .data = {.u64 = data}};
  return epoll_ctl(epoll, operation, descriptor, &event) < 0 ? -errno : 0;
}

// libdispatch's main queue, where there is one; see DispatchMainQueue.swift.
int asyncio_dispatch_main_queue_descriptor(void);
void asyncio_drain_dispatch_main_queue(void);
// Makes the main queue call the function soon. Returns false where that queue does not exist.
bool asyncio_enqueue_on_dispatch_main_queue(void *context, void (*function)(void *));

// Prefetches what a job's first steps read: its header, state and first frame, four cache lines.
static inline void asyncio_prefetch_job(uintptr_t address) {
  __builtin_prefetch((const void *)address, 1);
  __builtin_prefetch((const void *)(address + 64), 1);
  __builtin_prefetch((const void *)(address + 128), 1);
  __builtin_prefetch((const void *)(address + 192), 1);
}
