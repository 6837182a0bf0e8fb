// SPDX-License-Identifier: Apache-2.0
// Starting a program, and the end of one. See Processes in AsyncIOCore.
#pragma once
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

// A descriptor of this process, and its number in the child.
struct asyncio_inherited {
  int source;
  int target;
};

struct asyncio_limit {
  int resource;
  struct rlimit values;
};

// What a child is to be. Every pointer stays valid, and everything it points to unchanged, for the time of the call.
struct asyncio_plan {
  // The files to try in their order, and their end, NULL.
  char *const *paths;
  char *const *arguments;
  char *const *environment;
  // Where in the environment the child writes its id in decimal digits, with room for eleven bytes; NULL: nowhere.
  char *id_text;
  // NULL: this process's.
  const char *directory;
  // The call changes the sources. Any other descriptor stays out of the child.
  struct asyncio_inherited *inherited;
  int inherited_count;
  int new_session;
  // The group to join; 0 for one of its own, -1 for this process's.
  pid_t group;
  // Whether the child's descriptor 0 becomes the terminal of its session.
  int takes_terminal;
  // -1: this process's.
  int umask;
  const struct asyncio_limit *limits;
  int limit_count;
  // -1: this process's.
  int64_t user;
  int64_t user_group;
  const gid_t *extra_groups;
  // -1: this process's.
  int extra_group_count;
  // The signal that the kernel sends when the thread that calls this ends; 0 for none.
  int death_signal;
};

// The step at which a child failed.
enum asyncio_step {
  asyncio_step_clone,
  asyncio_step_descriptors,
  asyncio_step_session,
  asyncio_step_group,
  asyncio_step_terminal,
  asyncio_step_limits,
  asyncio_step_groups,
  asyncio_step_user_group,
  asyncio_step_user,
  asyncio_step_directory,
  asyncio_step_death_signal,
  asyncio_step_exec,
};

struct asyncio_child {
  pid_t id;
  // A descriptor of the process itself: pidfd_open(2). It is close-on-exec.
  int descriptor;
  // If the call failed.
  enum asyncio_step failed_step;
};

// Starts a program, and returns when it has begun to run: 0, or a negative errno. After a failure there is no child,
// and nothing to wait for.
int asyncio_start_program(const struct asyncio_plan *plan, struct asyncio_child *child);

struct asyncio_exit {
  // CLD_EXITED, CLD_KILLED or CLD_DUMPED, and the exit status or the signal; see waitid(2).
  int code;
  int status;
  struct rusage usage;
};

// Asks how a child has ended: 1 if it has, 0 if it runs, or a negative errno. If `reaps`, its entry in the system's
// table of processes goes away with the answer.
int asyncio_exit_of(int descriptor, int reaps, struct asyncio_exit *exit);
// Waits for the end of a child, and reaps it.
void asyncio_reap(int descriptor);
// Sends a signal to the process itself, never to another one that got its number: 0 or a negative errno.
int asyncio_signal_process(int descriptor, int number);

struct asyncio_terminal_size {
  unsigned short rows;
  unsigned short columns;
};
// Opens a pseudo-terminal; both descriptors are close-on-exec. Returns 0 or a negative errno.
int asyncio_open_terminal(struct asyncio_terminal_size size, int *controlling, int *terminal);
int asyncio_set_terminal_size(int descriptor, struct asyncio_terminal_size size);
