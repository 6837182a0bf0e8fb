// SPDX-License-Identifier: Apache-2.0
// Starts a program as posix_spawn(3) does, and more: it gives a descriptor of the process and the step that failed,
// leaks no descriptor, and sets the directory, the user and limits.
//
// The child is a clone that shares this process's memory (CLONE_VM) while its parent's thread waits (CLONE_VFORK). So
// nothing is copied, however large the process. The child reports a failure by writing into its parent's memory.
// Other threads go on meanwhile and may hold any lock. So between the clone and exec the child makes system calls only:
// it allocates nothing, takes no lock, and calls no function of libc that could. All signals are blocked until the
// child has no handlers any more: a handler in the child would run on its parent's memory.
//
// libc's functions for users and groups tell every thread of the process. The child calls the kernel itself.
//
// A sanitizer's instrumentation can't run in such a child. Under one, the child is a fork, which reports through memory
// that both share.
#include "CLinux.h"
#include "start_child.h"
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FORKS 1
#endif
#endif

// sched.h and unistd.h hide these without _GNU_SOURCE.
extern int clone(int (*function)(void *), void *stack, int flags, void *argument, ...);
#define CLONE_VM_ 0x00000100
#define CLONE_PIDFD_ 0x00001000
#define CLONE_VFORK_ 0x00004000
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#define CLOSE_RANGE_CLOEXEC_ 4
#define P_PIDFD_ 3

struct start {
  const struct asyncio_plan *plan;
  pid_t parent;
  // Written by the child.
  int code;
  enum asyncio_step step;
};

static long fail(struct start *start, enum asyncio_step step) {
  start->code = -errno;
  start->step = step;
  return -1;
}

// The kernel's own structure. libc refuses the two signals that it uses itself, but a program may have been started
// with those ignored, and would pass that on.
struct kernel_action {
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)(void);
  unsigned long mask;
};

// Signals that a child finds as they are by default. One that the parent ignores would stay ignored. Those by which a
// terminal or a user ends programs stay so: nohup(1), and a shell that starts a job in the background, ignore them for
// a program and all that it starts.
static void reset_signals(void) {
  struct kernel_action action;
  for (int number = 1; number < 65; number++) {
    if (syscall(SYS_rt_sigaction, number, NULL, &action, 8UL) < 0 || action.handler == SIG_DFL) continue;
    if (action.handler == SIG_IGN && (number == SIGHUP || number == SIGINT || number == SIGQUIT)) continue;
    memset(&action, 0, sizeof action);
    action.handler = SIG_DFL;
    syscall(SYS_rt_sigaction, number, &action, NULL, 8UL);
  }
}

static void close_all_on_exec(void) {
  if (syscall(SYS_close_range, 0U, ~0U, CLOSE_RANGE_CLOEXEC_) == 0) return;
  // Before Linux 5.11, or where a filter denies it.
  struct rlimit limit;
  int count = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 65536 ? (int)limit.rlim_cur : 65536;
  for (int descriptor = 0; descriptor < count; descriptor++) fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

static int highest_target(const struct asyncio_plan *plan) {
  int highest = 2;
  for (int place = 0; place < plan->inherited_count; place++)
    if (plan->inherited[place].target > highest) highest = plan->inherited[place].target;
  return highest;
}

static long set_descriptors(const struct asyncio_plan *plan) {
  close_all_on_exec();
  int highest = highest_target(plan);
  // A source whose number another one needs moves out of the way first.
  for (int place = 0; place < plan->inherited_count; place++) {
    struct asyncio_inherited *inherited = &plan->inherited[place];
    if (inherited->source == inherited->target) continue;
    for (int other = 0; other < plan->inherited_count; other++) {
      if (other == place || plan->inherited[other].target != inherited->source) continue;
      int moved = fcntl(inherited->source, F_DUPFD_CLOEXEC, highest + 1);
      if (moved < 0) return -1;
      inherited->source = moved;
      break;
    }
  }
  for (int place = 0; place < plan->inherited_count; place++) {
    const struct asyncio_inherited *inherited = &plan->inherited[place];
    int is_there = inherited->source == inherited->target;
    if ((is_there ? fcntl(inherited->source, F_SETFD, 0) : dup2(inherited->source, inherited->target)) < 0) return -1;
  }
  return 0;
}

static long set_limits(const struct asyncio_plan *plan) {
  for (int place = 0; place < plan->limit_count; place++)
    if (setrlimit((__rlimit_resource_t)plan->limits[place].resource, &plan->limits[place].values) < 0) return -1;
  return 0;
}

// The parent's libc remembers no id for the child, so the kernel is asked.
static void write_id(char *text) {
  char digits[11];
  int count = 0;
  for (long id = syscall(SYS_getpid); id > 0; id /= 10) digits[count++] = (char)('0' + id % 10);
  while (count > 0) *text++ = digits[--count];
  *text = 0;
}

static long execute(const struct asyncio_plan *plan) {
  int denied = 0;
  for (char *const *path = plan->paths; *path; path++) {
    execve(*path, plan->arguments, plan->environment);
    // As execvp(3): a file that may not be executed is passed over, and told of if there is no other.
    if (errno == EACCES) denied = 1;
    if (errno != EACCES && errno != ENOENT && errno != ENOTDIR && errno != ESTALE && errno != ENODEV) return -1;
  }
  errno = denied ? EACCES : ENOENT;
  return -1;
}

static long prepare_and_execute(struct start *start) {
  const struct asyncio_plan *plan = start->plan;
  reset_signals();
  if (plan->new_session && setsid() < 0) return fail(start, asyncio_step_session);
  if (!plan->new_session && plan->group >= 0 && setpgid(0, plan->group) < 0) return fail(start, asyncio_step_group);
  if (set_descriptors(plan) < 0) return fail(start, asyncio_step_descriptors);
  if (plan->takes_terminal && ioctl(0, TIOCSCTTY, 0) < 0) return fail(start, asyncio_step_terminal);
  if (plan->umask >= 0) umask((mode_t)plan->umask);
  if (set_limits(plan) < 0) return fail(start, asyncio_step_limits);
  if (plan->extra_group_count >= 0 && syscall(SYS_setgroups, (long)plan->extra_group_count, plan->extra_groups) < 0)
    return fail(start, asyncio_step_groups);
  if (plan->user_group >= 0 && syscall(SYS_setresgid, plan->user_group, plan->user_group, plan->user_group) < 0)
    return fail(start, asyncio_step_user_group);
  if (plan->user >= 0 && syscall(SYS_setresuid, plan->user, plan->user, plan->user) < 0)
    return fail(start, asyncio_step_user);
  if (plan->directory && chdir(plan->directory) < 0) return fail(start, asyncio_step_directory);
  if (plan->death_signal) {
    // A change of the user takes it back, so it comes after that.
    if (prctl(PR_SET_PDEATHSIG, (unsigned long)plan->death_signal, 0, 0, 0) < 0)
      return fail(start, asyncio_step_death_signal);
    if (getppid() != start->parent) _exit(127);
  }
  if (plan->id_text) write_id(plan->id_text);
  uint64_t none = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof none);
  execute(plan);
  return fail(start, asyncio_step_exec);
}

static int child_main(void *argument) {
  prepare_and_execute(argument);
  _exit(127);
}

#ifdef FORKS
static long clone_child(struct start *start, int *descriptor) {
  // The child's report, and a pipe whose end tells that it runs the program or has ended.
  struct start *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return -1;
  *shared = *start;
  int ends[2];
  int error = asyncio_pipe(ends, O_CLOEXEC);
  if (error == 0) {
    // Out of the way of the child's numbers.
    int moved = fcntl(ends[1], F_DUPFD_CLOEXEC, highest_target(start->plan) + 1);
    error = moved < 0 ? -errno : 0;
    close(ends[1]);
    if (moved < 0) close(ends[0]);
    ends[1] = moved;
  }
  if (error < 0) {
    munmap(shared, sizeof *shared);
    errno = -error;
    return -1;
  }
  pid_t id = fork();
  if (id == 0) child_main(shared);
  error = errno;
  close(ends[1]);
  char byte;
  while (id > 0 && read(ends[0], &byte, 1) < 0 && errno == EINTR) {}
  close(ends[0]);
  start->code = shared->code;
  start->step = shared->step;
  munmap(shared, sizeof *shared);
  if (id > 0 && (*descriptor = (int)syscall(SYS_pidfd_open, id, 0)) < 0) {
    error = errno;
    kill(id, SIGKILL);
    while (waitpid(id, NULL, 0) < 0 && errno == EINTR) {}
    id = -1;
  }
  errno = error;
  return id;
}
#else
static long clone_child(struct start *start, int *descriptor) {
  // The parent's thread waits, so the child may use memory of its frame.
  char stack[32 * 1024] __attribute__((aligned(16)));
  return clone(child_main, stack + sizeof stack, CLONE_VM_ | CLONE_VFORK_ | CLONE_PIDFD_ | SIGCHLD, start, descriptor);
}
#endif

int asyncio_start_program(const struct asyncio_plan *plan, struct asyncio_child *child) {
  // The plan is only read while the thread waits; `volatile` would say no more, since `clone` may write anything.
  struct start start = {.plan = plan, .parent = getpid()};
  child->descriptor = -1;
  uint64_t all = ~0ULL, mask;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &mask, sizeof all);
  long id = clone_child(&start, &child->descriptor);
  int error = errno;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof mask);
  if (id < 0) {
    child->failed_step = asyncio_step_clone;
    return -error;
  }
  child->id = (pid_t)id;
  if (start.code < 0) {
    asyncio_reap(child->descriptor);
    close(child->descriptor);
    child->descriptor = -1;
    child->failed_step = start.step;
  }
  return start.code;
}

// The kernel's waitid(2) also reports the use of resources, which libc's leaves out.
static int wait_for_exit(int descriptor, int flags, siginfo_t *info, struct rusage *usage) {
  memset(info, 0, sizeof *info);
  int result;
  do {
    result = (int)syscall(SYS_waitid, P_PIDFD_, descriptor, info, WEXITED | flags, usage);
  } while (result < 0 && errno == EINTR);
  return result < 0 ? -errno : 0;
}

int asyncio_exit_of(int descriptor, int reaps, struct asyncio_exit *exit) {
  siginfo_t info;
  int result = wait_for_exit(descriptor, WNOHANG | (reaps ? 0 : WNOWAIT), &info, &exit->usage);
  if (result < 0) return result;
  if (info.si_pid == 0) return 0;
  exit->code = info.si_code;
  exit->status = info.si_status;
  return 1;
}

void asyncio_reap(int descriptor) {
  siginfo_t info;
  wait_for_exit(descriptor, 0, &info, NULL);
}

int asyncio_signal_process(int descriptor, int number) {
  return syscall(SYS_pidfd_send_signal, descriptor, number, NULL, 0) < 0 ? -errno : 0;
}

int asyncio_set_terminal_size(int descriptor, struct asyncio_terminal_size size) {
  struct winsize window = {.ws_row = size.rows, .ws_col = size.columns};
  return ioctl(descriptor, TIOCSWINSZ, &window) < 0 ? -errno : 0;
}

int asyncio_open_terminal(struct asyncio_terminal_size size, int *controlling, int *terminal) {
  int own = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (own < 0) return -errno;
  int unlocked = 0;
  int other = -1;
  // TIOCGPTPEER (Linux 4.13) needs no path in /dev/pts.
  if (ioctl(own, TIOCSPTLCK, &unlocked) == 0) other = ioctl(own, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  int error = other < 0 ? -errno : 0;
  if (error == 0 && size.rows > 0) error = asyncio_set_terminal_size(own, size);
  if (error < 0) {
    if (other >= 0) close(other);
    close(own);
    return error;
  }
  *controlling = own;
  *terminal = other;
  return 0;
}
