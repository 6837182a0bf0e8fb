// SPDX-License-Identifier: Apache-2.0
// Datagram sockets: the definitions of recvmmsg(2), sendmmsg(2), cmsg(3), ip(7), ipv6(7) and udp(7). Results are those
// of completions (a negative errno).
//
// Received datagrams have one format for every backend, that of io_uring's multishot RECVMSG: a header, the sender's
// name, control messages, the payload. The first three have room of fixed size. With epoll, recvmmsg writes into these
// places; the network in memory fills them itself.
//
// `struct mmsghdr` and `struct in6_pktinfo` are declared again: their headers hide them without _GNU_SOURCE (see
// CLinux.h). So are the constants of udp.h, because it also defines types that libc's own header of that name defines.
#pragma once
#include "sockets.h"
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

struct asyncio_datagram_header { uint32_t name_length, control_length, payload_length, flags; };
_Static_assert(sizeof(struct asyncio_datagram_header) == 16, "kernel ABI: struct io_uring_recvmsg_out");

enum {
  ASYNCIO_DATAGRAM_NAME_ROOM = 128,
  ASYNCIO_DATAGRAM_CONTROL_ROOM = 128,
  ASYNCIO_DATAGRAM_PREFIX = 16 + 128 + 128,
  // The longest datagram fits, of UDP and of the kernel's coalescing (UDP_GRO). The number of cache lines is odd, so
  // that consecutive frames don't start in the same cache set.
  ASYNCIO_DATAGRAM_FRAME = 1029 * 64,
  ASYNCIO_DATAGRAM_PAYLOAD_ROOM = ASYNCIO_DATAGRAM_FRAME - ASYNCIO_DATAGRAM_PREFIX,
};
_Static_assert(ASYNCIO_DATAGRAM_PAYLOAD_ROOM >= 65535, "a frame holds all that UDP can carry");

enum {
  ASYNCIO_UDP_SEGMENT = 103,        // 4.18
  ASYNCIO_UDP_GRO = 104,            // 5.0
  ASYNCIO_SO_RXQ_OVFL = 40,
  ASYNCIO_IPV6_MULTICAST_ALL = 29,  // 4.20
};

struct asyncio_mmsghdr { struct msghdr header; unsigned int length; };
struct asyncio_in6_pktinfo { struct in6_addr address; unsigned int interface; };

static inline int asyncio_receive_datagrams(int descriptor, struct asyncio_mmsghdr *messages, unsigned int count) {
  long result = syscall(SYS_recvmmsg, descriptor, messages, count, MSG_DONTWAIT, NULL);
  return result < 0 ? -errno : (int)result;
}
static inline int asyncio_send_datagrams(int descriptor, struct asyncio_mmsghdr *messages, unsigned int count) {
  long result = syscall(SYS_sendmmsg, descriptor, messages, count, MSG_DONTWAIT | MSG_NOSIGNAL);
  return result < 0 ? -errno : (int)result;
}
// MCAST_JOIN_GROUP and MCAST_LEAVE_GROUP take both families, and an interface's index: RFC 3678.
static inline int asyncio_change_membership(int descriptor, int joins, const struct sockaddr_storage *group,
                                            unsigned int interface) {
  struct group_req request;
  memset(&request, 0, sizeof request);
  request.gr_interface = interface;
  memcpy(&request.gr_group, group, sizeof *group);
  int level = group->ss_family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
  int name = joins ? MCAST_JOIN_GROUP : MCAST_LEAVE_GROUP;
  return setsockopt(descriptor, level, name, &request, sizeof request) < 0 ? -errno : 0;
}
static inline int asyncio_set_multicast_interface(int descriptor, int family, unsigned int interface) {
  if (family == AF_INET6) return asyncio_set_option(descriptor, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)interface);
  struct ip_mreqn request;
  memset(&request, 0, sizeof request);
  request.imr_ifindex = (int)interface;
  return setsockopt(descriptor, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof request) < 0 ? -errno : 0;
}

// A datagram's control messages.
struct asyncio_datagram_control {
  struct sockaddr_storage destination;  // without a port; family 0 if not requested
  uint32_t interface;
  uint32_t segment;                     // the length of each datagram coalesced into this one, or 0
  uint32_t dropped;                     // how many this socket has dropped so far
};
static inline void asyncio_read_control(void *control, uint32_t length, struct asyncio_datagram_control *out) {
  memset(out, 0, sizeof *out);
  struct msghdr message;
  memset(&message, 0, sizeof message);
  message.msg_control = control;
  message.msg_controllen = length;
  for (struct cmsghdr *entry = CMSG_FIRSTHDR(&message); entry; entry = CMSG_NXTHDR(&message, entry)) {
    if (entry->cmsg_level == SOL_SOCKET && entry->cmsg_type == ASYNCIO_SO_RXQ_OVFL) {
      memcpy(&out->dropped, CMSG_DATA(entry), sizeof out->dropped);
    } else if (entry->cmsg_level == IPPROTO_UDP && entry->cmsg_type == ASYNCIO_UDP_GRO) {
      int segment;
      memcpy(&segment, CMSG_DATA(entry), sizeof segment);
      out->segment = (uint32_t)segment;
    } else if (entry->cmsg_level == IPPROTO_IP && entry->cmsg_type == IP_PKTINFO) {
      struct in_pktinfo info;
      memcpy(&info, CMSG_DATA(entry), sizeof info);
      struct sockaddr_in *address = (struct sockaddr_in *)&out->destination;
      address->sin_family = AF_INET;
      address->sin_addr = info.ipi_addr;
      out->interface = (uint32_t)info.ipi_ifindex;
    } else if (entry->cmsg_level == IPPROTO_IPV6 && entry->cmsg_type == IPV6_PKTINFO) {
      struct asyncio_in6_pktinfo info;
      memcpy(&info, CMSG_DATA(entry), sizeof info);
      struct sockaddr_in6 *address = (struct sockaddr_in6 *)&out->destination;
      address->sin6_family = AF_INET6;
      address->sin6_addr = info.address;
      out->interface = info.interface;
    }
  }
}

// Writes such messages, for the network in memory. Returns their length.
static inline uint32_t asyncio_write_control(void *control, const struct asyncio_datagram_control *content) {
  struct msghdr message;
  memset(&message, 0, sizeof message);
  memset(control, 0, ASYNCIO_DATAGRAM_CONTROL_ROOM);
  message.msg_control = control;
  message.msg_controllen = ASYNCIO_DATAGRAM_CONTROL_ROOM;
  struct cmsghdr *entry = CMSG_FIRSTHDR(&message);
  uint32_t length = 0;
  if (content->dropped > 0) {
    entry->cmsg_level = SOL_SOCKET;
    entry->cmsg_type = ASYNCIO_SO_RXQ_OVFL;
    entry->cmsg_len = CMSG_LEN(sizeof content->dropped);
    memcpy(CMSG_DATA(entry), &content->dropped, sizeof content->dropped);
    length += CMSG_SPACE(sizeof content->dropped);
    entry = CMSG_NXTHDR(&message, entry);
  }
  if (content->destination.ss_family == AF_INET) {
    struct in_pktinfo info;
    memset(&info, 0, sizeof info);
    info.ipi_addr = ((const struct sockaddr_in *)&content->destination)->sin_addr;
    info.ipi_ifindex = (int)content->interface;
    entry->cmsg_level = IPPROTO_IP;
    entry->cmsg_type = IP_PKTINFO;
    entry->cmsg_len = CMSG_LEN(sizeof info);
    memcpy(CMSG_DATA(entry), &info, sizeof info);
    length += CMSG_SPACE(sizeof info);
  } else if (content->destination.ss_family == AF_INET6) {
    struct asyncio_in6_pktinfo info;
    memset(&info, 0, sizeof info);
    info.address = ((const struct sockaddr_in6 *)&content->destination)->sin6_addr;
    info.interface = content->interface;
    entry->cmsg_level = IPPROTO_IPV6;
    entry->cmsg_type = IPV6_PKTINFO;
    entry->cmsg_len = CMSG_LEN(sizeof info);
    memcpy(CMSG_DATA(entry), &info, sizeof info);
    length += CMSG_SPACE(sizeof info);
  }
  return length;
}

// Makes the kernel cut a message into datagrams of this length (UDP_SEGMENT). `control` has CMSG_SPACE(2) = 24 bytes.
static inline void asyncio_write_segment(struct msghdr *message, void *control, uint16_t length) {
  message->msg_control = control;
  message->msg_controllen = CMSG_SPACE(sizeof length);
  struct cmsghdr *entry = (struct cmsghdr *)control;
  entry->cmsg_level = IPPROTO_UDP;
  entry->cmsg_type = ASYNCIO_UDP_SEGMENT;
  entry->cmsg_len = CMSG_LEN(sizeof length);
  memcpy(CMSG_DATA(entry), &length, sizeof length);
}
