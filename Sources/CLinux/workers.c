// SPDX-License-Identifier: Apache-2.0
// How this program becomes a worker.
//
// A worker is the same program, started once more (execve, never a mere fork: a copy of a process with threads has
// locks that nobody unlocks). It has to run jobs before `main` does anything, since `main` is the user's. So an
// initializer of the program, which the loader calls before `main`, looks for the mark in the environment. It lets the
// program's other initializers run first: Swift registers types there, and libraries prepare themselves.
//
// A worker ends with its parent, however that ends. PR_SET_PDEATHSIG is of no use for that: it goes by the thread that
// started the worker, and threads of a pool end. Instead the worker reads from a pipe that the parent has the other end
// of, and asks the kernel for SIGKILL when that end is closed (O_ASYNC with F_SETSIG, fcntl(2)). The signal goes to the
// worker's process group, and so to whatever its jobs have started.
#include "include/workers.h"
#include "include/CLinux.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const char mark[] = "ASYNCIO_WORKER=1";
enum { mark_name_length = 14 };

// glibc 2.34, hidden without _GNU_SOURCE.
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *, int) __attribute__((weak));

static pid_t spawn_marked(int socket, int lifeline, int error, char **environment) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, error, 2);
  posix_spawn_file_actions_adddup2(&actions, socket, ASYNCIO_WORKER_SOCKET);
  posix_spawn_file_actions_adddup2(&actions, lifeline, ASYNCIO_WORKER_LIFELINE);
  if (posix_spawn_file_actions_addclosefrom_np)
    posix_spawn_file_actions_addclosefrom_np(&actions, ASYNCIO_WORKER_LIFELINE + 1);
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  sigfillset(&signals);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  // The kernel's link to the program that runs, even if its file was replaced meanwhile.
  static char path[] = "/proc/self/exe";
  char name[32] = "asyncio-worker";
  char *arguments[] = {name, NULL};
  pid_t process = 0;
  int code = posix_spawn(&process, path, &actions, &attributes, arguments, environment);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return code ? -code : process;
}

int asyncio_open_process(pid_t process) {
  long result = syscall(434, process, 0);  // pidfd_open, which sets close-on-exec
  return result < 0 ? -errno : (int)result;
}

static pid_t spawn(int socket, int lifeline, int error) {
  size_t count = 0;
  while (environ[count]) count++;
  char **environment = malloc((count + 2) * sizeof *environment);
  if (!environment) return -ENOMEM;
  memcpy(environment, environ, count * sizeof *environment);
  environment[count] = (char *)mark;
  environment[count + 1] = NULL;
  pid_t process = spawn_marked(socket, lifeline, error, environment);
  free(environment);
  return process;
}

// Moves a descriptor above the numbers that it may become in the worker, so that none replaces another there.
static int move_up(int descriptor) {
  int moved = fcntl(descriptor, F_DUPFD_CLOEXEC, 16);
  int code = errno;
  close(descriptor);
  errno = code;
  return moved;
}

int asyncio_start_worker(struct asyncio_worker *worker, const char **failed) {
  int sockets[2] = {-1, -1}, lifeline[2] = {-1, -1}, error[2] = {-1, -1}, process_descriptor = -1, code = 0;
  pid_t process = 0;
  *failed = "socketpair";
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0) goto fail;
  *failed = "pipe2";
  if (syscall(SYS_pipe2, lifeline, O_CLOEXEC) < 0 || syscall(SYS_pipe2, error, O_CLOEXEC) < 0) goto fail;
  *failed = "fcntl";
  if ((sockets[1] = move_up(sockets[1])) < 0 || (lifeline[0] = move_up(lifeline[0])) < 0 ||
      (error[1] = move_up(error[1])) < 0 || fcntl(error[0], F_SETFL, O_NONBLOCK) < 0)
    goto fail;
  *failed = "posix_spawn";
  process = spawn(sockets[1], lifeline[0], error[1]);
  if (process < 0) {
    errno = -process;
    goto fail;
  }
  *failed = "pidfd_open";
  process_descriptor = asyncio_open_process(process);
  if (process_descriptor < 0) {
    errno = -process_descriptor;
    goto fail;
  }
  close(sockets[1]);
  close(lifeline[0]);
  close(error[1]);
  *worker = (struct asyncio_worker){process, process_descriptor, sockets[0], lifeline[1], error[0]};
  return 0;
fail:
  code = errno;
  if (process > 0) {
    kill(process, SIGKILL);
    waitpid(process, NULL, 0);
  }
  for (int index = 0; index < 2; index++) {
    if (sockets[index] >= 0) close(sockets[index]);
    if (lifeline[index] >= 0) close(lifeline[index]);
    if (error[index] >= 0) close(error[index]);
  }
  return -code;
}

int asyncio_limit_memory(uint64_t bytes) {
  unsigned long pages = 0;
  FILE *file = fopen("/proc/self/statm", "re");
  if (!file || fscanf(file, "%lu", &pages) != 1) pages = 0;
  if (file) fclose(file);
  struct rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) < 0) return -errno;
  rlim_t wanted = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + bytes;
  if (wanted < limit.rlim_cur) limit.rlim_cur = wanted;
  return setrlimit(RLIMIT_AS, &limit) < 0 ? -errno : 0;
}

// Serves jobs until the parent closes the socket. In AsyncIO, which a program may not have.
extern void asyncio_serve_jobs(int socket) __attribute__((weak));

static void end_with_parent(void) {
  fcntl(ASYNCIO_WORKER_LIFELINE, F_SETOWN, -getpid());
  fcntl(ASYNCIO_WORKER_LIFELINE, 10 /* F_SETSIG */, SIGKILL);
  fcntl(ASYNCIO_WORKER_LIFELINE, F_SETFL, O_ASYNC | O_NONBLOCK);
  struct pollfd entry = {.fd = ASYNCIO_WORKER_LIFELINE, .events = POLLIN};
  if (poll(&entry, 1, 0) != 0) _exit(0);
}

// The program's initializers. The linker defines these names in programs, and not in libraries.
typedef void (*initializer)(int, char **, char **);
extern initializer __init_array_start[] __attribute__((weak, visibility("hidden")));
extern initializer __init_array_end[] __attribute__((weak, visibility("hidden")));

__attribute__((constructor)) static void become_worker(int count, char **arguments, char **environment) {
  const char *value = getenv("ASYNCIO_WORKER");
  if (!value || strcmp(value, mark + mark_name_length + 1) != 0 || !asyncio_serve_jobs) return;
  int type = 0;
  socklen_t length = sizeof type;
  if (getsockopt(ASYNCIO_WORKER_SOCKET, SOL_SOCKET, SO_TYPE, &type, &length) < 0 || type != SOCK_STREAM) return;
  // What a job starts is not a worker.
  unsetenv("ASYNCIO_WORKER");
  fcntl(ASYNCIO_WORKER_SOCKET, F_SETFD, FD_CLOEXEC);
  fcntl(ASYNCIO_WORKER_LIFELINE, F_SETFD, FD_CLOEXEC);
  signal(SIGINT, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  end_with_parent();
  asyncio_set_thread_name("asyncio-worker");
  int follows = 0;
  for (initializer *next = __init_array_start; next < __init_array_end; next++) {
    if (follows && *next && *next != (initializer)-1) (*next)(count, arguments, environment);
    if (*next == become_worker) follows = 1;
  }
  asyncio_serve_jobs(ASYNCIO_WORKER_SOCKET);
  fflush(NULL);
  _exit(0);
}
