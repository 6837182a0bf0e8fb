// SPDX-License-Identifier: Apache-2.0
// Load for an echo server of datagrams: each socket sends a datagram, waits until it is back, and sends the next. One
// thread, epoll, one datagram in flight for each socket. It measures the server by the server's own CPU clock. A
// datagram that isn't back after a fifth of a second counts as lost, and its socket sends the next.
//
//   udp PORT SOCKETS BYTES WARM_UP_MS MEASURED_MS SERVER_PID     prints one line of JSON

#include "common.h"

struct peer {
  int descriptor;
  uint64_t number, started;
};

static size_t size;
static char message[65536], answer[65536];

static void send_next(struct peer *peer, uint64_t now) {
  peer->number++;
  peer->started = now;
  memcpy(message, &peer->number, sizeof peer->number);
  if (send(peer->descriptor, message, size, 0) != (ssize_t)size) fail("send");
}

int main(int count, char **words) {
  allow_many_descriptors();
  if (count != 7 || atol(words[3]) < 8 || atol(words[3]) > 65507) {
    fprintf(stderr, "usage: udp PORT SOCKETS BYTES WARM_UP_MS MEASURED_MS SERVER_PID    (8 to 65507 bytes)\n");
    return 2;
  }
  struct sockaddr_in address = loopback(atoi(words[1]));
  int sockets = atoi(words[2]);
  size = (size_t)atol(words[3]);
  uint64_t warm_up = strtoull(words[4], NULL, 10) * 1000000, measured = strtoull(words[5], NULL, 10) * 1000000;
  pid_t server = atoi(words[6]);

  struct peer *peers = calloc((size_t)sockets, sizeof *peers);
  int poller = epoll_create1(EPOLL_CLOEXEC);
  if (!peers || poller < 0) fail("start");
  for (int index = 0; index < sockets; index++) {
    peers[index].descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (connect(peers[index].descriptor, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &peers[index]};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, peers[index].descriptor, &event) != 0) fail("epoll_ctl");
  }

  uint64_t now = nanoseconds(CLOCK_MONOTONIC), begin = now + warm_up, swept = now;
  uint64_t first = 0, server_cpu = 0, own_cpu = 0, datagrams = 0, lost = 0;
  for (int index = 0; index < sockets; index++) send_next(&peers[index], now);
  struct epoll_event events[512];
  for (;;) {
    now = nanoseconds(CLOCK_MONOTONIC);
    if (first == 0 && now >= begin) {
      first = now;
      server_cpu = cpu_nanoseconds(server);
      own_cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
    }
    if (first != 0 && now >= first + measured) break;
    if (now - swept > 100000000) {
      swept = now;
      for (int index = 0; index < sockets; index++) {
        if (now - peers[index].started < 200000000) continue;
        if (first != 0) lost++;
        send_next(&peers[index], now);
      }
    }
    int ready = epoll_wait(poller, events, 512, 100);
    for (int index = 0; index < ready; index++) {
      struct peer *peer = events[index].data.ptr;
      ssize_t received = recv(peer->descriptor, answer, sizeof answer, 0);
      if (received < 0 && errno == EAGAIN) continue;
      uint64_t number;
      if (received != (ssize_t)size) fail("receive");
      memcpy(&number, answer, sizeof number);
      if (number != peer->number) continue;  // one that was counted as lost
      if (first != 0) datagrams++;
      send_next(peer, now);
    }
  }

  double seconds = (double)(now - first) / 1e9;
  double server_seconds = (double)(cpu_nanoseconds(server) - server_cpu) / 1e9;
  double own_seconds = (double)(nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - own_cpu) / 1e9;
  if (datagrams == 0) {
    fprintf(stderr, "no datagram came back in %.1f s\n", seconds);
    return 1;
  }
  printf(
      "{\"datagrams_per_s\": %.0f, \"server_cpu_us_per_datagram\": %.3f, \"lost\": %llu, \"server_cpu_share\": %.3f, "
      "\"driver_cpu_share\": %.3f}\n",
      (double)datagrams / seconds, server_seconds * 1e6 / (double)datagrams, (unsigned long long)lost,
      server_seconds / seconds, own_seconds / seconds);
  return 0;
}
