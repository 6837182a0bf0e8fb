// SPDX-License-Identifier: Apache-2.0
// Functions that libswift_Concurrency exports and that every compiled Swift program calls, but that Swift source can't
// call, or only at a price. `withTaskCancellationHandler` costs 107 ns a wait, the two calls below 43 (Swift 6.3.1,
// x86_64), and waiting is what this library does most. They are ABI of the runtime for as long as it exists
// (stdlib/public/Concurrency, include/swift/Runtime/Concurrency.h). Only this header names them.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ASYNCIO_SWIFT_CALL __attribute__((swiftcall))
#define ASYNCIO_SWIFT_CONTEXT __attribute__((swift_context))

// The task that runs on this thread, unretained; null outside of tasks.
void *_Nullable swift_task_getCurrent(void) ASYNCIO_SWIFT_CALL;
bool swift_task_isCancelled(void *_Nonnull task) ASYNCIO_SWIFT_CALL;
void swift_task_cancel(void *_Nonnull task) ASYNCIO_SWIFT_CALL;
// The task's number, as tools show it: unique in the process.
uint64_t swift_task_getJobTaskId(void *_Nonnull job) ASYNCIO_SWIFT_CALL;
// The name of the task that runs on this thread (SE-0469); null if it has none. The name lives as long as the task.
const char *_Nullable swift_task_getCurrentTaskName(void) ASYNCIO_SWIFT_CALL;

typedef void (*asyncio_cancellation_function)(void *_Nonnull context ASYNCIO_SWIFT_CONTEXT) ASYNCIO_SWIFT_CALL;
// Null if the task is already cancelled: then the function was called, and nothing needs to be removed.
void *_Nullable swift_task_addCancellationHandler(asyncio_cancellation_function _Nonnull function,
                                                  void *_Nonnull context) ASYNCIO_SWIFT_CALL;
void swift_task_removeCancellationHandler(void *_Nonnull record) ASYNCIO_SWIFT_CALL;

// The function to call, with the wait's context, when a waiting task is cancelled; set once at start-up. It may be
// called on any thread, and with the task's status lock held: it must not call into the runtime for that task.
void asyncio_set_cancellation_callback(void (*_Nonnull callback)(void *_Nonnull context));
void *_Nullable asyncio_add_cancellation_handler(void *_Nonnull context);

// Binds a task-local value for the current task until the pop, which must come in the same function.
// `TaskLocal.withValue` does this too, but hops to no actor and back, which costs a turn of the loop each way where the
// caller is isolated. The push takes ownership of the value.
void swift_task_localValuePush(const void *_Nonnull key, void *_Nonnull value,
                               const void *_Nonnull value_type) ASYNCIO_SWIFT_CALL;
void swift_task_localValuePop(void) ASYNCIO_SWIFT_CALL;

static inline void *_Nullable asyncio_current_task(void) { return swift_task_getCurrent(); }
static inline bool asyncio_task_is_cancelled(void *_Nonnull task) { return swift_task_isCancelled(task); }
static inline uint64_t asyncio_task_number(void *_Nonnull task) { return swift_task_getJobTaskId(task); }
static inline const char *_Nullable asyncio_current_task_name(void) { return swift_task_getCurrentTaskName(); }

// The runtime's thread-local variables on the calling thread, which must have used the runtime; the size is 0 if they
// cannot be found.
struct asyncio_runtime_storage {
  uintptr_t start;
  size_t size;
};
struct asyncio_runtime_storage asyncio_runtime_storage(void);

static inline void asyncio_cancel_task(void *_Nonnull task) { swift_task_cancel(task); }
static inline void asyncio_remove_cancellation_handler(void *_Nonnull record) {
  swift_task_removeCancellationHandler(record);
}

// How tasks are suspended; see suspension.c. The first suspension of a process finds out.
enum { ASYNCIO_SUSPENSION_UNKNOWN, ASYNCIO_SUSPENSION_DIRECT, ASYNCIO_SUSPENSION_HOP };
int asyncio_suspension_kind(void);
// False with a sanitizer, and with a runtime that has no function for it.
bool asyncio_may_suspend_directly(void);
// For tests: each suspension stands for itself, so it may change at any time.
void asyncio_set_suspension_kind(int kind);
// The serial executor that tasks hop to where they hop; before the first suspension. It tells what it is given.
void asyncio_set_keeper_of_jobs(void *_Nonnull identity, uintptr_t implementation);
void asyncio_job_is_kept(void *_Nonnull job);

// A task for the body of a time limit or another scope; see body.c.
struct asyncio_body {
  uintptr_t function, closure;  // the words of a `nonisolated(nonsending) () async -> Void`
  uintptr_t actor[2];           // its isolation, the words of an `(any Actor)?`
  void *_Nonnull object;        // for the two functions
};
struct asyncio_words {
  uintptr_t first, second;
};
// The functions to call in the task before and after a body, with its object; set once, before the first body.
void asyncio_set_body_functions(void (*_Nonnull begins)(void *_Nonnull object),
                                void (*_Nonnull has_ended)(void *_Nonnull object));
// Creates a task that calls the body, which has to live until then. The task's job must be run at once, on this thread,
// and has the only reference to the task.
void *_Nonnull asyncio_create_task_of_body(struct asyncio_body body, const void *_Nonnull type_of_void);
