// SPDX-License-Identifier: Apache-2.0
// Calls on sockets, and messages with descriptors in them (unix(7)). Each returns what the call does, or a negative
// errno. Included by CLinux.h.
#pragma once
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static inline ssize_t asyncio_receive_from(int descriptor, void *bytes, size_t count, struct sockaddr_storage *address,
                                           socklen_t *length) {
  *length = sizeof *address;
  ssize_t result = recvfrom(descriptor, bytes, count, MSG_DONTWAIT, (struct sockaddr *)address, length);
  return result < 0 ? -errno : result;
}

static inline ssize_t asyncio_send_to(int descriptor, const void *bytes, size_t count,
                                      const struct sockaddr_storage *address, socklen_t length) {
  ssize_t result =
      sendto(descriptor, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)address, length);
  return result < 0 ? -errno : result;
}

// The new descriptor is close-on-exec. `flags` is SOCK_NONBLOCK or 0. glibc hides accept4(2) without _GNU_SOURCE.
static inline int asyncio_accept(int listener, int flags) {
  long result = syscall(SYS_accept4, listener, NULL, NULL, SOCK_CLOEXEC | flags);
  return result < 0 ? -errno : (int)result;
}

static inline int asyncio_set_option(int descriptor, int level, int name, int value) {
  return setsockopt(descriptor, level, name, &value, sizeof value) < 0 ? -errno : 0;
}
static inline int asyncio_get_option(int descriptor, int level, int name, int *value) {
  socklen_t length = sizeof *value;
  return getsockopt(descriptor, level, name, value, &length) < 0 ? -errno : 0;
}

// unix(7): SCM_MAX_FD, the most descriptors in one message.
#define ASYNCIO_MOST_DESCRIPTORS 253

union asyncio_descriptor_control {
  struct cmsghdr alignment;
  char bytes[CMSG_SPACE(sizeof(int) * ASYNCIO_MOST_DESCRIPTORS)];
};

static inline ssize_t asyncio_send_descriptors(int socket, const void *bytes, size_t count, const int *descriptors,
                                               size_t descriptor_count) {
  if (descriptor_count > ASYNCIO_MOST_DESCRIPTORS) return -EINVAL;
  struct iovec vector = {.iov_base = (void *)bytes, .iov_len = count};
  union asyncio_descriptor_control control;
  memset(&control, 0, sizeof control);
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
  if (descriptor_count > 0) {
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * descriptor_count);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * descriptor_count);
    memcpy(CMSG_DATA(header), descriptors, sizeof(int) * descriptor_count);
  }
  ssize_t result = sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  return result < 0 ? -errno : result;
}

// Receives bytes and the descriptors that came with them, which are close-on-exec from the start. `descriptors` has
// room for `capacity` of them. The kernel closes those that exceed the room or the process's limit, and sets
// `truncated` (MSG_CTRUNC).
static inline ssize_t asyncio_receive_descriptors(int socket, void *bytes, size_t count, int *descriptors,
                                                  size_t capacity, size_t *descriptor_count, int *truncated) {
  *descriptor_count = 0;
  *truncated = 0;
  if (capacity > ASYNCIO_MOST_DESCRIPTORS) capacity = ASYNCIO_MOST_DESCRIPTORS;
  struct iovec vector = {.iov_base = bytes, .iov_len = count};
  union asyncio_descriptor_control control;
  // CMSG_LEN, not CMSG_SPACE: the latter's padding has room for one more.
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control.bytes,
                           .msg_controllen = CMSG_LEN(sizeof(int) * capacity)};
  ssize_t result = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (result < 0) return -errno;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    size_t length = header->cmsg_len - CMSG_LEN(0);
    size_t received = length / sizeof(int);
    for (size_t index = 0; index < received; index++) {
      int descriptor;
      memcpy(&descriptor, CMSG_DATA(header) + index * sizeof(int), sizeof(int));
      if (*descriptor_count < capacity) {
        descriptors[(*descriptor_count)++] = descriptor;
      } else {
        close(descriptor);
        *truncated = 1;
      }
    }
  }
  if (message.msg_flags & MSG_CTRUNC) *truncated = 1;
  return result;
}

// SO_PEERCRED: the process at the other end of a Unix socket when it was connected. glibc hides `struct ucred` without
// _GNU_SOURCE.
struct asyncio_credentials {
  int32_t process;
  uint32_t user;
  uint32_t group;
};
static inline int asyncio_peer_credentials(int socket, struct asyncio_credentials *credentials) {
  socklen_t length = sizeof *credentials;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, credentials, &length) < 0) return -errno;
  return length == sizeof *credentials ? 0 : -EINVAL;
}
