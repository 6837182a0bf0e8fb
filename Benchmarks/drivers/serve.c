// SPDX-License-Identifier: Apache-2.0
// An HTTP/1.1 server for clients: it answers every request with 1 KiB and status 200. For a target that begins with /d,
// the answer leaves 20 ms after the request came. One thread, epoll. It only looks for the beginning and end of a
// request, so it takes no bodies, and is faster than any client that it measures.
//
//   serve 0        prints the port that the system chose, and serves until it is killed

#include "common.h"

#define DELAY (20 * 1000000ull)
#define BODY_SIZE 1024
#define MOST_CONNECTIONS (1 << 16)
// A power of two, and more than can wait: each connection waits for at most one answer unless the client pipelines.
#define MOST_DELAYED (1 << 17)

// By descriptor. A delayed answer stores the generation, since another connection may have its descriptor by then.
struct connection {
  unsigned generation;
  unsigned position;  // in the request's head, as far as the target's first letter
  unsigned matched;   // within the empty line that ends the head
  int is_delayed;
};

struct delayed {
  uint64_t due;
  int descriptor;
  unsigned generation;
};

static struct connection connections[MOST_CONNECTIONS];
// All delays are equal, so the first to come is the first due: a ring.
static struct delayed waiting[MOST_DELAYED];
static unsigned first_waiting, after_waiting;
static char response[BODY_SIZE + 256];
static size_t response_size;

static void answer(int descriptor) {
  ssize_t count = send(descriptor, response, response_size, MSG_NOSIGNAL);
  // A client that left needs no answer. If a socket does not take even this much, its client asks without reading,
  // which no client here does.
  if (count >= 0 && (size_t)count < response_size) fail("short send");
}

static void answer_later(int descriptor) {
  if (after_waiting - first_waiting == MOST_DELAYED) fail("too many delayed answers");
  waiting[after_waiting++ % MOST_DELAYED] = (struct delayed){
      .due = nanoseconds(CLOCK_MONOTONIC) + DELAY,
      .descriptor = descriptor,
      .generation = connections[descriptor].generation,
  };
}

static void answer_due(void) {
  uint64_t now = first_waiting == after_waiting ? 0 : nanoseconds(CLOCK_MONOTONIC);
  while (first_waiting != after_waiting) {
    struct delayed *next = &waiting[first_waiting % MOST_DELAYED];
    if (next->due > now) return;
    first_waiting++;
    if (connections[next->descriptor].generation == next->generation) answer(next->descriptor);
  }
}

// For epoll_wait: in milliseconds, rounded up, so that an answer is never early.
static int until_next_due(void) {
  if (first_waiting == after_waiting) return -1;
  uint64_t now = nanoseconds(CLOCK_MONOTONIC), due = waiting[first_waiting % MOST_DELAYED].due;
  return due <= now ? 0 : (int)((due - now + 999999) / 1000000);
}

static void take(int descriptor, const char *bytes, ssize_t count) {
  static const char prefix[] = "GET /d", end[] = "\r\n\r\n";
  struct connection *connection = &connections[descriptor];
  for (ssize_t index = 0; index < count; index++) {
    char byte = bytes[index];
    if (connection->position < sizeof prefix - 1) {
      if (connection->position++ == sizeof prefix - 2) connection->is_delayed = byte == 'd';
    }
    connection->matched = byte == end[connection->matched] ? connection->matched + 1 : byte == '\r';
    if (connection->matched < sizeof end - 1) continue;
    if (connection->is_delayed) {
      answer_later(descriptor);
    } else {
      answer(descriptor);
    }
    connection->position = connection->matched = 0;
    connection->is_delayed = 0;
  }
}

static int listen_on(int port) {
  int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) fail("socket");
  struct sockaddr_in address = loopback(port);
  socklen_t size = sizeof address;
  if (bind(descriptor, (struct sockaddr *)&address, size) != 0 || listen(descriptor, 4096) != 0) fail("listen");
  if (getsockname(descriptor, (struct sockaddr *)&address, &size) != 0) fail("getsockname");
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return descriptor;
}

static void watch(int poller, int descriptor) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event) != 0) fail("epoll_ctl");
}

static void accept_all(int poller, int listener) {
  int descriptor;
  while ((descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    if (descriptor >= MOST_CONNECTIONS) {
      close(descriptor);
      continue;
    }
    send_at_once(descriptor);
    connections[descriptor] = (struct connection){.generation = connections[descriptor].generation};
    watch(poller, descriptor);
  }
}

int main(int count, char **words) {
  if (count != 2) {
    fprintf(stderr, "usage: serve PORT\n");
    return 2;
  }
  allow_many_descriptors();
  response_size = (size_t)snprintf(
      response, sizeof response,
      "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: %d\r\n\r\n", BODY_SIZE);
  memset(response + response_size, 'x', BODY_SIZE);
  response_size += BODY_SIZE;

  int listener = listen_on(atoi(words[1])), poller = epoll_create1(EPOLL_CLOEXEC);
  if (poller < 0) fail("epoll_create1");
  watch(poller, listener);
  struct epoll_event events[512];
  static char buffer[64 * 1024];
  for (;;) {
    int ready = epoll_wait(poller, events, 512, until_next_due());
    for (int index = 0; index < ready; index++) {
      int descriptor = events[index].data.fd;
      if (descriptor == listener) {
        accept_all(poller, listener);
        continue;
      }
      ssize_t received = recv(descriptor, buffer, sizeof buffer, 0);
      if (received > 0) {
        take(descriptor, buffer, received);
      } else if (received == 0 || errno != EAGAIN) {
        connections[descriptor].generation++;
        close(descriptor);
      }
    }
    answer_due();
  }
}
