// SPDX-License-Identifier: Apache-2.0
// How a task is suspended: not by a continuation, and not by a hop to an actor that keeps its job. The runtime exports
// the suspension that both are made of, `swift_task_suspend`. Its header says: "Do a primitive suspension of the
// current task" and "its ResumeFunction and ResumeContext will need to be initialized, and then it will need to be
// enqueued or run as a job later" (include/swift/Runtime/Concurrency.h).
//
// It does all that a suspension needs. The task's status says that the task waits: a cancellation, an escalation and a
// debugger see it. The accesses that the task has in progress leave the thread (exclusivity). The thread has no current
// task any more. Continuations and hops also find out where the task is to run next, which this library knows.
//
// No function sets the two fields. `include/swift/ABI/Task.h` says where they are, but Linux does not promise that they
// stay there. So the first suspension of a process is a hop, made here with a known resume function and a known
// context, and the fields are compared. If they are elsewhere, all suspensions are hops.
//
// `asyncio_suspend` is an async function in C, see async.h. An async function returns by calling its caller's; this one
// leaves that to the runtime.
#include "async.h"

// The head of an AsyncTask: the seven words that it has in common with other jobs, and then what is to be set.
struct task {
  void *job[7];
  resume_function resume;
  struct context *resume_context;
};

// The sanitizers know of hops: the runtime tells the thread sanitizer of each.
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
static const bool may_be_direct = false;
#else
static const bool may_be_direct = true;
#endif

// Weak: a runtime without it is one for hops.
extern struct task *swift_task_suspend(void) ASYNCIO_SWIFT_CALL __attribute__((weak));
extern ASYNC_CALL void swift_task_switch(struct context *context ASYNC_CONTEXT, resume_function resume,
                                         void *executor_identity, uintptr_t executor_implementation);

// Written at any time, from any thread: each suspension stands for itself.
static int suspension_kind = ASYNCIO_SUSPENSION_UNKNOWN;
static struct {
  void *identity;
  uintptr_t implementation;
} keeper;
static _Thread_local struct context *checked_context;

void asyncio_set_keeper_of_jobs(void *identity, uintptr_t implementation) {
  keeper.identity = identity;
  keeper.implementation = implementation;
}

void asyncio_set_suspension_kind(int kind) {
  if (kind == ASYNCIO_SUSPENSION_DIRECT && !asyncio_may_suspend_directly()) kind = ASYNCIO_SUSPENSION_HOP;
  __atomic_store_n(&suspension_kind, kind, __ATOMIC_RELAXED);
}

bool asyncio_may_suspend_directly(void) { return may_be_direct && swift_task_suspend; }

int asyncio_suspension_kind(void) { return __atomic_load_n(&suspension_kind, __ATOMIC_RELAXED); }

static ASYNC_CALL void return_from_hop(struct context *context ASYNC_CONTEXT) {
  return context->resume_parent(context);
}

void asyncio_job_is_kept(void *job) {
  if (asyncio_suspension_kind() != ASYNCIO_SUSPENSION_UNKNOWN) return;
  struct task *task = job;
  bool is_as_expected = task->resume == return_from_hop && task->resume_context == checked_context;
  asyncio_set_suspension_kind(is_as_expected ? ASYNCIO_SUSPENSION_DIRECT : ASYNCIO_SUSPENSION_HOP);
}

ASYNC_CALL void asyncio_suspend(struct context *context ASYNC_CONTEXT) {
  if (asyncio_suspension_kind() == ASYNCIO_SUSPENSION_DIRECT) {
    struct task *task = swift_task_suspend();
    task->resume = context->resume_parent;
    task->resume_context = context;
    return;
  }
  checked_context = context;
  return swift_task_switch(context, return_from_hop, keeper.identity, keeper.implementation);
}

ASYNC_FUNCTION(asyncio_suspend, 16);
