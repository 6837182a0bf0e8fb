// SPDX-License-Identifier: Apache-2.0
//
// /proc/self/task/TID/syscall (proc(5); since Linux 2.6.27). The kernel makes sure that the thread sleeps while it
// collects the values (task_current_syscall), and says "running" if it doesn't. A process may always read it for its
// own threads: PTRACE_MODE_ATTACH is granted within a thread group, despite Yama and containers. It fails if /proc is
// not mounted, or a sandbox lacks the file (gVisor). It also fails if the process has changed its user, and so lost
// access to its own /proc (prctl(2), PR_SET_DUMPABLE).

#define _GNU_SOURCE
#include "look.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

clockid_t backtrace_cpu_clock(int32_t thread) {
  // clock_getres(2): the complement of the id, and bits for "of a thread" and "as the scheduler counts it".
  return (clockid_t)(~(uint32_t)thread << 3 | 6);
}

static int64_t cpu_time(int32_t thread) {
  struct timespec used;
  if (clock_gettime(backtrace_cpu_clock(thread), &used) != 0) return -1;
  return (int64_t)used.tv_sec * 1000000000 + used.tv_nsec;
}

enum backtrace_look_result backtrace_look_at(int32_t thread, struct backtrace_look *look) {
  char path[64], text[256];
  snprintf(path, sizeof path, "/proc/self/task/%d/syscall", (int)thread);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return look_failed;
  ssize_t size = read(file, text, sizeof text - 1);
  close(file);
  if (size <= 0) return look_failed;
  text[size] = 0;
  if (strncmp(text, "running", 7) == 0) return look_running;

  // "-1 SP PC", or the number, six arguments, SP and PC.
  memset(look, 0, sizeof *look);
  char *end = text;
  look->call = strtoll(end, &end, 10);
  int arguments = look->call == -1 ? 0 : 6;
  for (int i = 0; i < arguments; i++) (void)strtoull(end, &end, 16);
  look->stack_pointer = strtoull(end, &end, 16);
  look->program_counter = strtoull(end, &end, 16);
  look->cpu_time = cpu_time(thread);
  return look->stack_pointer != 0 && look->program_counter != 0 && look->cpu_time >= 0 ? look_blocked : look_failed;
}
