// SPDX-License-Identifier: Apache-2.0
// The io_uring ABI as the kernel defines it (io_uring_setup(2), io_uring_enter(2), io_uring_register(2)). It is
// declared here because the headers of stable distributions are years older than their kernels. A constant that the
// build machine's header lacks may well work where the program runs. Run time shows whether it does: a ring's setup
// asks for the youngest feature used here (DEFER_TASKRUN, 6.1). Only what the engine uses is declared; the layouts are
// frozen kernel ABI.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <errno.h>

enum {
  ASYNCIO_URING_SETUP_CQSIZE = 1u << 3,
  ASYNCIO_URING_SETUP_CLAMP = 1u << 4,
  ASYNCIO_URING_SETUP_SUBMIT_ALL = 1u << 7,      // 5.18
  ASYNCIO_URING_SETUP_TASKRUN_FLAG = 1u << 9,    // 5.19
  ASYNCIO_URING_SETUP_SINGLE_ISSUER = 1u << 12,  // 6.0
  ASYNCIO_URING_SETUP_DEFER_TASKRUN = 1u << 13,  // 6.1
};
enum {
  ASYNCIO_URING_ENTER_GETEVENTS = 1u << 0,
  ASYNCIO_URING_ENTER_EXT_ARG = 1u << 3,         // 5.11
};
enum {
  ASYNCIO_URING_SQ_CQ_OVERFLOW = 1u << 1,
  ASYNCIO_URING_SQ_TASKRUN = 1u << 2,
};
enum {
  ASYNCIO_URING_FEAT_NODROP = 1u << 1,
  ASYNCIO_URING_FEAT_EXT_ARG = 1u << 8,
};
enum {
  ASYNCIO_URING_OP_NOP = 0,
  ASYNCIO_URING_OP_FSYNC = 3,
  ASYNCIO_URING_OP_POLL_ADD = 6,
  ASYNCIO_URING_OP_RECVMSG = 10,
  ASYNCIO_URING_OP_ACCEPT = 13,
  ASYNCIO_URING_OP_ASYNC_CANCEL = 14,
  ASYNCIO_URING_OP_CONNECT = 16,
  ASYNCIO_URING_OP_READ = 22,
  ASYNCIO_URING_OP_WRITE = 23,
  ASYNCIO_URING_OP_SEND = 26,
  ASYNCIO_URING_OP_RECV = 27,
  ASYNCIO_URING_OP_SEND_ZC = 47,                 // 6.0
};
enum { ASYNCIO_URING_SQE_BUFFER_SELECT = 1u << 5 };
enum {
  ASYNCIO_URING_RECV_MULTISHOT = 1u << 1,        // ioprio; 6.0, of RECVMSG too
  ASYNCIO_URING_ACCEPT_MULTISHOT = 1u << 0,      // ioprio; 5.19
  ASYNCIO_URING_POLL_ADD_MULTI = 1u << 0,        // len; 5.13
};
enum {
  ASYNCIO_URING_CQE_BUFFER = 1u << 0,
  ASYNCIO_URING_CQE_MORE = 1u << 1,
  ASYNCIO_URING_CQE_NOTIF = 1u << 3,
  ASYNCIO_URING_CQE_BUFFER_SHIFT = 16,
};
enum {
  ASYNCIO_URING_OFF_SQ_RING = 0,
  ASYNCIO_URING_OFF_SQES = 0x10000000,
};
enum {
  ASYNCIO_URING_REGISTER_PROBE = 8,              // 5.6
  ASYNCIO_URING_REGISTER_IOWQ_MAX_WORKERS = 19,  // 5.15
  ASYNCIO_URING_REGISTER_PBUF_RING = 22,         // 5.19
};
enum { ASYNCIO_URING_PROBE_OPCODES = 64 };

struct asyncio_uring_sqe {
  uint8_t opcode;
  uint8_t flags;
  uint16_t ioprio;
  int32_t fd;
  uint64_t off;        // also addr2
  uint64_t addr;
  uint32_t len;
  uint32_t op_flags;   // msg_flags, accept_flags, poll32_events, cancel_flags
  uint64_t user_data;
  uint16_t buf_group;  // also buf_index
  uint16_t personality;
  int32_t file_index;
  uint64_t addr3;
  uint64_t pad;
};
struct asyncio_uring_cqe {
  uint64_t user_data;
  int32_t res;
  uint32_t flags;
};
struct asyncio_uring_sq_offsets {
  uint32_t head, tail, ring_mask, ring_entries, flags, dropped, array, reserved;
  uint64_t user_address;
};
struct asyncio_uring_cq_offsets {
  uint32_t head, tail, ring_mask, ring_entries, overflow, cqes, flags, reserved;
  uint64_t user_address;
};
struct asyncio_uring_params {
  uint32_t sq_entries, cq_entries, flags, sq_thread_cpu, sq_thread_idle, features, wq_fd, reserved[3];
  struct asyncio_uring_sq_offsets sq_off;
  struct asyncio_uring_cq_offsets cq_off;
};
struct asyncio_uring_timespec { int64_t seconds; int64_t nanoseconds; };
struct asyncio_uring_getevents_arg { uint64_t sigmask; uint32_t sigmask_size; uint32_t min_wait_usec; uint64_t timespec; };
struct asyncio_uring_buffer { uint64_t address; uint32_t length; uint16_t identifier; uint16_t reserved; };
struct asyncio_uring_buffer_registration {
  uint64_t ring_address; uint32_t ring_entries; uint16_t group; uint16_t flags; uint64_t reserved[3];
};

struct asyncio_uring_probe {
  uint8_t last, count;
  uint16_t reserved;
  uint32_t reserved2[3];
  struct { uint8_t opcode, reserved; uint16_t flags; uint32_t reserved2; } opcodes[ASYNCIO_URING_PROBE_OPCODES];
};
// IO_URING_OP_SUPPORTED.
static inline int asyncio_uring_probe_has(const struct asyncio_uring_probe *probe, int opcode) {
  return opcode < probe->count && probe->opcodes[opcode].flags & 1;
}

_Static_assert(sizeof(struct asyncio_uring_sqe) == 64, "kernel ABI");
_Static_assert(sizeof(struct asyncio_uring_cqe) == 16, "kernel ABI");
_Static_assert(sizeof(struct asyncio_uring_params) == 120, "kernel ABI");
_Static_assert(sizeof(struct asyncio_uring_buffer) == 16, "kernel ABI");

// Raw system calls that return the negative errno, as completions do.
static inline int asyncio_uring_setup(uint32_t entries, struct asyncio_uring_params *params) {
  long result = syscall(425, entries, params);
  return result < 0 ? -errno : (int)result;
}
static inline int asyncio_uring_enter(int ring, uint32_t submit, uint32_t wait, uint32_t flags, void *argument,
                                      size_t size) {
  long result = syscall(426, ring, submit, wait, flags, argument, size);
  return result < 0 ? -errno : (int)result;
}
static inline int asyncio_uring_register(int ring, uint32_t opcode, void *argument, uint32_t count) {
  long result = syscall(427, ring, opcode, argument, count);
  return result < 0 ? -errno : (int)result;
}

// The rings are memory shared with the kernel: the other side's index is loaded with acquire, ours is stored with
// release (io_uring(7)).
static inline uint32_t asyncio_load_acquire(const uint32_t *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }
static inline uint32_t asyncio_load_relaxed(const uint32_t *word) { return __atomic_load_n(word, __ATOMIC_RELAXED); }
static inline void asyncio_store_release(uint32_t *word, uint32_t value) {
  __atomic_store_n(word, value, __ATOMIC_RELEASE);
}
static inline void asyncio_store_release_16(uint16_t *word, uint16_t value) {
  __atomic_store_n(word, value, __ATOMIC_RELEASE);
}
