// SPDX-License-Identifier: Apache-2.0
// System calls on files that glibc hides without _GNU_SOURCE, or that Swift cannot name. Each returns what the call
// does, or a negative errno. That feature macro must stay unset: the toolchain's own module of libc was built without
// it.
#pragma once
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

enum {
  ASYNCIO_RWF_NOWAIT = 0x8,             // preadv2(2), Linux 4.14
  ASYNCIO_RENAME_NOREPLACE = 1,         // renameat2(2), Linux 3.15
  ASYNCIO_RENAME_EXCHANGE = 2,
  ASYNCIO_O_PATH = 010000000,
  ASYNCIO_O_TMPFILE = 020000000 | 0200000,
  ASYNCIO_RESOLVE_NO_MAGICLINKS = 0x02, // openat2(2), Linux 5.6
  ASYNCIO_RESOLVE_NO_SYMLINKS = 0x04,
  ASYNCIO_RESOLVE_CACHED = 0x20,        // Linux 5.12
  ASYNCIO_OFD_GETLK = 36,               // fcntl(2), Linux 3.15
  ASYNCIO_OFD_SETLK = 37,
  ASYNCIO_OFD_SETLKW = 38,
  ASYNCIO_FALLOC_KEEP_SIZE = 1,
};

// With an offset below zero the file's own position counts. A single buffer needs preadv2 only for its flag.
static inline ssize_t asyncio_file_read(int descriptor, const struct iovec *pieces, int count, int64_t offset,
                                        int waiting) {
  ssize_t result;
  if (!waiting)
    result = syscall(SYS_preadv2, descriptor, pieces, (unsigned long)count, (unsigned long)offset, 0UL,
                     ASYNCIO_RWF_NOWAIT);
  else if (count == 1)
    result = offset < 0 ? read(descriptor, pieces->iov_base, pieces->iov_len)
                        : pread(descriptor, pieces->iov_base, pieces->iov_len, offset);
  else
    result = offset < 0 ? readv(descriptor, pieces, count)
                        : syscall(SYS_preadv, descriptor, pieces, (unsigned long)count, (unsigned long)offset, 0UL);
  return result < 0 ? -errno : result;
}
// SIGPIPE is the caller's: a file that is a FIFO goes through asyncio_write.
static inline ssize_t asyncio_file_write(int descriptor, const struct iovec *pieces, int count, int64_t offset,
                                         int waiting) {
  ssize_t result;
  if (!waiting)
    result = syscall(SYS_pwritev2, descriptor, pieces, (unsigned long)count, (unsigned long)offset, 0UL,
                     ASYNCIO_RWF_NOWAIT);
  else if (count == 1)
    result = offset < 0 ? write(descriptor, pieces->iov_base, pieces->iov_len)
                        : pwrite(descriptor, pieces->iov_base, pieces->iov_len, offset);
  else
    result = offset < 0 ? writev(descriptor, pieces, count)
                        : syscall(SYS_pwritev, descriptor, pieces, (unsigned long)count, (unsigned long)offset, 0UL);
  return result < 0 ? -errno : result;
}

static inline int asyncio_open_at(int directory, const char *path, int flags, unsigned mode) {
  int result = openat(directory, path, flags, mode);
  return result < 0 ? -errno : result;
}
// openat2(2) of a file whose name the kernel resolves without a disk and without a symbolic link: -EAGAIN where it
// can't. -ENOSYS before Linux 5.6, -EINVAL before 5.12.
static inline int asyncio_open_cached(const char *path, int flags) {
  struct { uint64_t flags, mode, resolve; } how = {
      (uint64_t)flags, 0, ASYNCIO_RESOLVE_CACHED | ASYNCIO_RESOLVE_NO_SYMLINKS};
  long result = syscall(437, AT_FDCWD, path, &how, sizeof how);
  return result < 0 ? -errno : (int)result;
}

static inline int asyncio_rename(int from, const char *old_path, int to, const char *new_path, unsigned flags) {
  long result = syscall(SYS_renameat2, from, old_path, to, new_path, flags);
  return result < 0 ? -errno : 0;
}
static inline ssize_t asyncio_copy_range(int from, int64_t *from_offset, int to, int64_t *to_offset, size_t count) {
  long result = syscall(SYS_copy_file_range, from, from_offset, to, to_offset, count, 0U);
  return result < 0 ? -errno : result;
}
// FICLONE: the whole file shares the other one's blocks.
static inline int asyncio_clone_file(int from, int to) {
  return ioctl(to, _IOW(0x94, 9, int), from) < 0 ? -errno : 0;
}
static inline int asyncio_allocate(int descriptor, int mode, int64_t offset, int64_t count) {
  long result = syscall(SYS_fallocate, descriptor, mode, offset, count);
  return result < 0 ? -errno : 0;
}
static inline ssize_t asyncio_splice(int from, int64_t *from_offset, int to, int64_t *to_offset, size_t count,
                                     unsigned flags) {
  long result = syscall(SYS_splice, from, from_offset, to, to_offset, count, flags);
  return result < 0 ? -errno : result;
}
// A lock of the open file description: other tasks of this process that opened the file have to wait, too.
static inline int asyncio_file_lock(int descriptor, int type, int64_t offset, int64_t count, int waiting) {
  struct flock lock = {.l_type = (short)type, .l_whence = SEEK_SET, .l_start = offset, .l_len = count};
  return fcntl(descriptor, waiting ? ASYNCIO_OFD_SETLKW : ASYNCIO_OFD_SETLK, &lock) < 0 ? -errno : 0;
}

// getdents64(2): as many entries as fit, 0 at the end.
static inline ssize_t asyncio_read_directory(int descriptor, void *room, size_t size) {
  long result = syscall(SYS_getdents64, descriptor, room, size);
  return result < 0 ? -errno : result;
}
// One entry of that batch: the length of its record, its type (DT_REG and its kin), its inode and its name.
struct asyncio_directory_entry {
  uint64_t inode;
  const char *name;
  uint16_t length;
  uint8_t type;
};
static inline struct asyncio_directory_entry asyncio_directory_entry_at(const void *record) {
  const unsigned char *bytes = record;
  struct asyncio_directory_entry entry = {.name = (const char *)bytes + 19, .type = bytes[18]};
  __builtin_memcpy(&entry.inode, bytes, 8);
  __builtin_memcpy(&entry.length, bytes + 16, 2);
  return entry;
}

// statx(2) asks for the time of birth, which struct stat lacks; Linux 4.11. -1 where the file system keeps none.
struct asyncio_file_status {
  uint64_t inode, size, blocks, device, special_device;
  uint32_t mode, links, owner, group;
  int64_t accessed, modified, changed, born;
};
int asyncio_file_status(int directory, const char *path, int flags, struct asyncio_file_status *status);

// What statfs(2) says of the file system's type; 0 if it can't.
static inline uint64_t asyncio_file_system_type(int descriptor) {
  struct statfs status;
  return fstatfs(descriptor, &status) < 0 ? 0 : (uint64_t)(uint32_t)status.f_type;
}
