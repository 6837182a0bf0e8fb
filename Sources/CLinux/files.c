// SPDX-License-Identifier: Apache-2.0
#include "files.h"
#include <string.h>

// The layout of struct statx, frozen kernel ABI; glibc hides it without _GNU_SOURCE.
struct statx_time { int64_t seconds; uint32_t nanoseconds; int32_t reserved; };
struct statx_result {
  uint32_t mask, block_size;
  uint64_t attributes;
  uint32_t links, user, group;
  uint16_t mode, spare;
  uint64_t inode, size, blocks, attributes_mask;
  struct statx_time accessed, born, changed, modified;
  uint32_t special_major, special_minor, major, minor;
  uint64_t rest[14];
};
_Static_assert(sizeof(struct statx_result) == 256, "kernel ABI");

static int64_t nanoseconds(struct statx_time time) { return time.seconds * 1000000000 + time.nanoseconds; }

int asyncio_file_status(int directory, const char *path, int flags, struct asyncio_file_status *status) {
  struct statx_result result;
  memset(&result, 0, sizeof result);
  // STATX_BASIC_STATS and STATX_BTIME.
  if (syscall(SYS_statx, directory, path, flags, 0xfffU, &result) < 0) return -errno;
  *status = (struct asyncio_file_status){
      .inode = result.inode, .size = result.size, .blocks = result.blocks,
      .device = (uint64_t)result.major << 32 | result.minor,
      .special_device = (uint64_t)result.special_major << 32 | result.special_minor,
      .mode = result.mode, .links = result.links, .owner = result.user, .group = result.group,
      .accessed = nanoseconds(result.accessed), .modified = nanoseconds(result.modified),
      .changed = nanoseconds(result.changed),
      .born = result.mask & 0x800U ? nanoseconds(result.born) : -1};
  return 0;
}
