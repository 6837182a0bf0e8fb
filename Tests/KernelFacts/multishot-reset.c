// SPDX-License-Identifier: Apache-2.0
// A fact of the kernel behind RingBackend's design: io_uring's multishot receive can lose the end of a connection.
//
//   cc -O2 -pthread -o multishot-reset multishot-reset.c && ./multishot-reset multishot 20000
//
// A peer sends 4 bytes and resets the connection at once, while the receiver is short of CPU. Both events wake the
// request's poll before its work has run. The receive takes the bytes, learns that nothing more is unread, and goes
// back to sleep; the second wake-up counts as served. The kernel reports a reset once, so the request sleeps for ever,
// and so does its waiter. For end of file on Unix sockets this is liburing's issue 1549. The modes:
//
//     multishot   one request for all pieces: some in ten thousand connections are lost (Linux 6.18)
//     single      a request for each piece: none are lost
//     guarded     multishot, beside a single-shot poll for POLLRDHUP, which data do not wake. When it completes, the
//                 receive is cancelled and submitted again: none are lost. RingBackend does this.
//
// It prints how many connections were lost. It ends with 0 if that fits the mode: any number for `multishot`, none for
// the others.

#include <arpa/inet.h>
#include <errno.h>
#include <linux/io_uring.h>
#include <linux/time_types.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RDHUP 0x2000
enum { RECEIVE = 1, GUARD = 2, CANCEL = 3 };
enum { BUFFERS = 8, SIZE = 4096 };

static int ring;
static unsigned *submission_tail, *submission_mask, *completion_head, *completion_tail, *completion_mask;
static struct io_uring_sqe *entries;
static struct io_uring_cqe *results;
static struct io_uring_buf_ring *buffers;
static char memory[BUFFERS][SIZE];
static unsigned pending;

static void fail(const char *what) {
  perror(what);
  exit(2);
}

static void give(int index) {
  unsigned short tail = buffers->tail;
  struct io_uring_buf *buffer = &buffers->bufs[tail & (BUFFERS - 1)];
  buffer->addr = (uintptr_t)memory[index];
  buffer->len = SIZE;
  buffer->bid = index;
  __atomic_store_n(&buffers->tail, tail + 1, __ATOMIC_RELEASE);
}

static void set_up(void) {
  struct io_uring_params parameters = {
      .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG};
  ring = syscall(SYS_io_uring_setup, 64, &parameters);
  if (ring < 0) fail("io_uring_setup");
  size_t size = parameters.cq_off.cqes + parameters.cq_entries * sizeof(struct io_uring_cqe);
  size_t other = parameters.sq_off.array + parameters.sq_entries * 4;
  if (other > size) size = other;
  char *rings = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQ_RING);
  entries = mmap(NULL, parameters.sq_entries * sizeof *entries, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring,
                 IORING_OFF_SQES);
  if (rings == MAP_FAILED || entries == MAP_FAILED) fail("mmap");
  submission_tail = (unsigned *)(rings + parameters.sq_off.tail);
  submission_mask = (unsigned *)(rings + parameters.sq_off.ring_mask);
  completion_head = (unsigned *)(rings + parameters.cq_off.head);
  completion_tail = (unsigned *)(rings + parameters.cq_off.tail);
  completion_mask = (unsigned *)(rings + parameters.cq_off.ring_mask);
  results = (struct io_uring_cqe *)(rings + parameters.cq_off.cqes);
  unsigned *array = (unsigned *)(rings + parameters.sq_off.array);
  for (unsigned index = 0; index < parameters.sq_entries; index++) array[index] = index;
  buffers = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  struct io_uring_buf_reg registration = {.ring_addr = (uintptr_t)buffers, .ring_entries = BUFFERS};
  if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_PBUF_RING, &registration, 1) < 0) fail("io_uring_register");
  for (int index = 0; index < BUFFERS; index++) give(index);
}

static struct io_uring_sqe *next_entry(uint64_t data) {
  struct io_uring_sqe *entry = &entries[*submission_tail & *submission_mask];
  memset(entry, 0, sizeof *entry);
  entry->user_data = data;
  __atomic_store_n(submission_tail, *submission_tail + 1, __ATOMIC_RELEASE);
  pending++;
  return entry;
}

static void receive(int socket, int is_multishot) {
  struct io_uring_sqe *entry = next_entry(RECEIVE);
  entry->opcode = IORING_OP_RECV;
  entry->fd = socket;
  entry->flags = IOSQE_BUFFER_SELECT;
  entry->ioprio = is_multishot ? IORING_RECV_MULTISHOT : 0;
}

static void guard(int socket) {
  struct io_uring_sqe *entry = next_entry(GUARD);
  entry->opcode = IORING_OP_POLL_ADD;
  entry->fd = socket;
  entry->poll32_events = RDHUP;
}

static void cancel(uint64_t data) {
  struct io_uring_sqe *entry = next_entry(CANCEL);
  entry->opcode = IORING_OP_ASYNC_CANCEL;
  entry->fd = -1;
  entry->addr = data;
}

// The next result; 0 if none comes within the time.
static int take(struct io_uring_cqe *result, int milliseconds) {
  struct __kernel_timespec time = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
  struct io_uring_getevents_arg argument = {.ts = (uintptr_t)&time};
  while (__atomic_load_n(completion_tail, __ATOMIC_ACQUIRE) == *completion_head) {
    long taken = syscall(SYS_io_uring_enter, ring, pending, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &argument,
                         sizeof argument);
    if (taken > 0) pending -= taken;
    if (taken < 0 && errno == ETIME) {
      pending = 0;
      return 0;
    }
    if (taken < 0 && errno != EINTR) fail("io_uring_enter");
  }
  *result = results[*completion_head & *completion_mask];
  __atomic_store_n(completion_head, *completion_head + 1, __ATOMIC_RELEASE);
  if (result->flags & IORING_CQE_F_BUFFER) give(result->flags >> IORING_CQE_BUFFER_SHIFT);
  return 1;
}

// Returns whether the reset of one connection was reported.
static int serve(int socket, int is_multishot, int is_guarded) {
  int receives = 1, guards = is_guarded, told = 0;
  receive(socket, is_multishot);
  if (is_guarded) guard(socket);
  while (receives || guards) {
    struct io_uring_cqe result;
    if (!take(&result, 300)) {
      cancel(RECEIVE);
      if (guards) cancel(GUARD);
      while (receives || guards) {
        if (!take(&result, 1000)) fail("cancel");
        if (result.user_data == RECEIVE && !(result.flags & IORING_CQE_F_MORE)) receives = 0;
        if (result.user_data == GUARD) guards = 0;
      }
      return 0;
    }
    if (result.user_data == GUARD) {
      guards = 0;
      if (receives) cancel(RECEIVE);
    } else if (result.user_data == RECEIVE) {
      if (result.res == 0 || (result.res < 0 && result.res != -ECANCELED && result.res != -ENOBUFS)) told = 1;
      if (result.flags & IORING_CQE_F_MORE) continue;
      receives = 0;
      if (told) {
        if (guards) cancel(GUARD);
      } else {
        receive(socket, is_multishot && guards);
        receives = 1;
      }
    }
  }
  return told;
}

static struct sockaddr_in address = {.sin_family = AF_INET};
static atomic_int ended;

static void *send_and_reset(void *unused) {
  (void)unused;
  while (!ended) {
    int peer = socket(AF_INET, SOCK_STREAM, 0);
    if (peer < 0 || connect(peer, (struct sockaddr *)&address, sizeof address) < 0) fail("connect");
    struct linger linger = {.l_onoff = 1};
    setsockopt(peer, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    for (volatile int spin = rand() % 3000; spin > 0; spin--) {}
    if (send(peer, "abcd", 4, MSG_NOSIGNAL) < 0 && errno != ECONNRESET && errno != EPIPE) fail("send");
    close(peer);
  }
  return NULL;
}

static void *burn(void *unused) {
  while (!ended) {}
  return unused;
}

int main(int count, char **words) {
  if (count < 3) {
    fprintf(stderr, "usage: %s multishot|single|guarded CONNECTIONS\n", words[0]);
    return 2;
  }
  int is_guarded = strcmp(words[1], "guarded") == 0;
  int is_multishot = is_guarded || strcmp(words[1], "multishot") == 0;
  int connections = atoi(words[2]);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&address, length) < 0 || listen(listener, 16) < 0) fail("listen");
  getsockname(listener, (struct sockaddr *)&address, &length);
  set_up();
  pthread_t peers[2], burners[4];
  for (int index = 0; index < 2; index++) pthread_create(&peers[index], NULL, send_and_reset, NULL);
  for (int index = 0; index < 4; index++) pthread_create(&burners[index], NULL, burn, NULL);
  int lost = 0;
  for (int served = 0; served < connections; served++) {
    int socket = accept(listener, NULL, NULL);
    if (socket < 0) fail("accept");
    if (!serve(socket, is_multishot, is_guarded)) lost++;
    close(socket);
  }
  ended = 1;
  printf("%s: %d of %d resets were lost\n", words[1], lost, connections);
  fflush(stdout);
  _exit(is_multishot && !is_guarded ? 0 : lost > 0);
}
