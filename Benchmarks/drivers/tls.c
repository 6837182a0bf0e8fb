// SPDX-License-Identifier: Apache-2.0
// The client of TLS servers: tls receive|drain PORT PID COUNT | tls idle PORT PID COUNT. One line of JSON.
//
//   receive  asks for "/data" with HTTP/1.0, and reads to the end
//   drain    does the same, but lets the kernel discard what comes, COUNT bytes or more: to decrypt takes as much CPU
//            as to encrypt, and would measure the client
//   idle     opens COUNT connections, sends a byte on each if it is echoed, and measures how much the server has grown
#include "common.h"
#include <openssl/ssl.h>

static SSL *connect_tls(SSL_CTX *context, int port) {
  SSL *ssl = SSL_new(context);
  if (!SSL_set_fd(ssl, connect_to(port)) || SSL_connect(ssl) != 1) {
    fprintf(stderr, "the handshake failed\n");
    exit(1);
  }
  return ssl;
}

static long resident_bytes(pid_t process) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/statm", process);
  FILE *file = fopen(path, "r");
  long pages = 0;
  if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1) fail(path);
  fclose(file);
  return pages * sysconf(_SC_PAGESIZE);
}

static void receive(SSL_CTX *context, int port, pid_t server, uint64_t drained) {
  SSL *ssl = connect_tls(context, port);
  static char buffer[256 * 1024];
  static const char request[] = "GET /data HTTP/1.0\r\n\r\n";
  uint64_t cpu = cpu_nanoseconds(server), start = nanoseconds(CLOCK_MONOTONIC);
  if (SSL_write(ssl, request, sizeof request - 1) <= 0) exit(1);
  uint64_t bytes = 0;
  if (drained > 0) {
    for (ssize_t count; bytes < drained && (count = recv(SSL_get_fd(ssl), buffer, 4 << 20, MSG_TRUNC)) > 0;)
      bytes += (uint64_t)count;
  } else {
    for (int count; (count = SSL_read(ssl, buffer, sizeof buffer)) > 0;) bytes += (uint64_t)count;
  }
  double wall = (double)(nanoseconds(CLOCK_MONOTONIC) - start) / 1e9;
  cpu = cpu_nanoseconds(server) - cpu;
  printf("{\"bytes\": %lu, \"wall_s\": %.4f, \"mb_per_s\": %.1f, \"cpu_s\": %.4f}\n", bytes, wall, bytes / 1e6 / wall,
         (double)cpu / 1e9);
}

static void idle(SSL_CTX *context, int port, pid_t server, int count) {
  allow_many_descriptors();
  long before = resident_bytes(server);
  SSL **connections = calloc((size_t)count, sizeof *connections);
  for (int index = 0; index < count; index++) {
    char byte = 'x';
    connections[index] = connect_tls(context, port);
    if (SSL_write(connections[index], &byte, 1) != 1 || SSL_read(connections[index], &byte, 1) != 1) exit(1);
    if (index == 9) before = resident_bytes(server);
  }
  printf("{\"bytes_per_connection\": %ld}\n", (resident_bytes(server) - before) / (count - 10));
}

int main(int count, char **words) {
  if (count < 4) {
    fprintf(stderr, "usage: tls receive|drain|idle PORT PID [COUNT]\n");
    return 2;
  }
  SSL_CTX *context = SSL_CTX_new(TLS_client_method());
  int port = atoi(words[2]);
  pid_t server = atoi(words[3]);
  uint64_t wanted = count > 4 ? strtoull(words[4], NULL, 10) : 0;
  if (strcmp(words[1], "receive") == 0) receive(context, port, server, 0);
  else if (strcmp(words[1], "drain") == 0) receive(context, port, server, wanted);
  else idle(context, port, server, wanted > 0 ? (int)wanted : 1000);
  return 0;
}
