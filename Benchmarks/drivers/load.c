// SPDX-License-Identifier: Apache-2.0
// Load for an echo server: each connection sends a message, waits until all of it is back, and sends the next. One
// thread, epoll. It measures the server by the server's own CPU clock, so the comparison is fair even where this
// program is the slower of the two.
//
//   load PORT CONNECTIONS BYTES WARM_UP_MS MEASURED_MS SERVER_PID     prints one line of JSON
//   load idle PORT CONNECTIONS                                        prints "ready", holds them until its input ends

#include "common.h"

#define RECEIVE_CAPACITY (256 * 1024)
#define MOST_SAMPLES (4 * 1024 * 1024)

struct connection {
  int descriptor;
  size_t sent, received;
  uint64_t started;
  uint32_t events;
};

static int poller;
static size_t message_size;
static char *message;

// One small round trip, so that only accepted and served connections are measured.
static int connect_and_check(int port) {
  int descriptor = connect_to(port);
  char answer[4];
  if (write(descriptor, "ping", 4) != 4) fail("first send");
  if (recv(descriptor, answer, 4, MSG_WAITALL) != 4 || memcmp(answer, "ping", 4) != 0) fail("first echo");
  return descriptor;
}

static void send_rest(struct connection *connection) {
  while (connection->sent < message_size) {
    ssize_t count =
        send(connection->descriptor, message + connection->sent, message_size - connection->sent, MSG_NOSIGNAL);
    if (count >= 0) {
      connection->sent += (size_t)count;
    } else if (errno == EAGAIN) {
      break;
    } else {
      fail("send");
    }
  }
  uint32_t events = connection->sent < message_size ? EPOLLIN | EPOLLOUT : EPOLLIN;
  if (events == connection->events) return;
  connection->events = events;
  struct epoll_event event = {.events = events, .data.ptr = connection};
  if (epoll_ctl(poller, EPOLL_CTL_MOD, connection->descriptor, &event) != 0) fail("epoll_ctl");
}

static void begin_message(struct connection *connection, uint64_t now) {
  connection->sent = connection->received = 0;
  connection->started = now;
  send_rest(connection);
}

// Receives the available bytes; returns 1 if they completed the message.
static int receive_rest(struct connection *connection, char *buffer) {
  while (connection->received < message_size) {
    size_t wanted = message_size - connection->received;
    if (wanted > RECEIVE_CAPACITY) wanted = RECEIVE_CAPACITY;
    ssize_t count = recv(connection->descriptor, buffer, wanted, 0);
    if (count < 0 && errno == EAGAIN) return 0;
    if (count <= 0) fail("receive");
    if (memcmp(buffer, message + connection->received, (size_t)count) != 0) {
      fprintf(stderr, "what came back is not what was sent\n");
      exit(1);
    }
    connection->received += (size_t)count;
  }
  return 1;
}

static int by_value(const void *left, const void *right) {
  uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
  return (a > b) - (a < b);
}

static int hold_idle(int port, int count) {
  for (int index = 0; index < count; index++) connect_and_check(port);
  puts("ready");
  fflush(stdout);
  char byte;
  while (read(STDIN_FILENO, &byte, 1) > 0) {}
  return 0;
}

int main(int count, char **words) {
  allow_many_descriptors();
  if (count == 4 && strcmp(words[1], "idle") == 0) return hold_idle(atoi(words[2]), atoi(words[3]));
  if (count != 7) {
    fprintf(stderr, "usage: load PORT CONNECTIONS BYTES WARM_UP_MS MEASURED_MS SERVER_PID\n");
    return 2;
  }
  int port = atoi(words[1]), number = atoi(words[2]);
  message_size = (size_t)atol(words[3]);
  uint64_t warm_up = strtoull(words[4], NULL, 10) * 1000000, measured = strtoull(words[5], NULL, 10) * 1000000;
  pid_t server = atoi(words[6]);

  message = malloc(message_size);
  for (size_t index = 0; index < message_size; index++) message[index] = (char)('a' + index % 23);
  char *buffer = malloc(RECEIVE_CAPACITY);
  uint32_t *samples = malloc(MOST_SAMPLES * sizeof *samples);
  struct connection *connections = calloc((size_t)number, sizeof *connections);
  if (!message || !buffer || !samples || !connections) fail("malloc");
  poller = epoll_create1(EPOLL_CLOEXEC);
  if (poller < 0) fail("epoll_create1");

  for (int index = 0; index < number; index++) {
    struct connection *connection = &connections[index];
    connection->descriptor = connect_and_check(port);
    connection->events = EPOLLIN;
    fcntl(connection->descriptor, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, connection->descriptor, &event) != 0) fail("epoll_ctl");
  }

  uint64_t now = nanoseconds(CLOCK_MONOTONIC), begin = now + warm_up;
  uint64_t first = 0, server_cpu = 0, own_cpu = 0, messages = 0;
  for (int index = 0; index < number; index++) begin_message(&connections[index], now);
  struct epoll_event events[512];
  for (;;) {
    now = nanoseconds(CLOCK_MONOTONIC);
    if (first == 0 && now >= begin) {
      first = now;
      server_cpu = cpu_nanoseconds(server);
      own_cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
    }
    if (first != 0 && now >= first + measured) break;
    int ready = epoll_wait(poller, events, 512, 100);
    for (int index = 0; index < ready; index++) {
      struct connection *connection = events[index].data.ptr;
      if (events[index].events & EPOLLOUT) send_rest(connection);
      if (!(events[index].events & ~EPOLLOUT) || !receive_rest(connection, buffer)) continue;
      now = nanoseconds(CLOCK_MONOTONIC);
      if (first != 0) {
        if (messages < MOST_SAMPLES) samples[messages] = (uint32_t)(now - connection->started);
        messages++;
      }
      begin_message(connection, now);
    }
  }

  double seconds = (double)(now - first) / 1e9;
  double server_seconds = (double)(cpu_nanoseconds(server) - server_cpu) / 1e9;
  double own_seconds = (double)(nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - own_cpu) / 1e9;
  if (messages == 0) {
    fprintf(stderr, "no message came back in %.1f s\n", seconds);
    return 1;
  }
  size_t kept = messages < MOST_SAMPLES ? messages : MOST_SAMPLES;
  qsort(samples, kept, sizeof *samples, by_value);
  printf(
      "{\"messages_per_s\": %.0f, \"server_cpu_us_per_message\": %.3f, \"p50_us\": %.1f, \"p99_us\": %.1f, "
      "\"server_cpu_share\": %.3f, \"driver_cpu_share\": %.3f}\n",
      (double)messages / seconds, server_seconds * 1e6 / (double)messages, samples[kept / 2] / 1e3,
      samples[kept * 99 / 100] / 1e3, server_seconds / seconds, own_seconds / seconds);
  return 0;
}
