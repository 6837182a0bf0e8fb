// SPDX-License-Identifier: Apache-2.0
// The task of a scope's body. `Task.immediate` with a closure around the body would do. But closures are wrapped where
// they are converted, and each layer has a frame of its own and goes back to its actor. That is fifteen async frames
// and ten checks of the executor, also for a body that returns at once. Here the task begins in a function in C, which
// calls the body itself. That takes 540 ns instead of 870 (Swift 6.3.1, x86_64, one core).
//
// The task is created by the function that `Task { }` calls, `swift_task_create`, without the flag that enqueues it.
// Its caller runs the task's job. Until the job's first suspension it runs within that call, on its thread.
//
// The body is borrowed: the code that starts the task waits for its end in every case. So the two words of the closure
// are enough, and nothing is retained or allocated for it.
#include "async.h"

struct task_and_context {
  void *task;
  struct context *context;
};

extern struct task_and_context swift_task_create(size_t flags, void *options, const void *result_type,
                                                 const struct async_function *function,
                                                 void *closure) ASYNCIO_SWIFT_CALL;
extern void *swift_task_alloc(size_t size) ASYNCIO_SWIFT_CALL;
extern void swift_task_dealloc(void *memory) ASYNCIO_SWIFT_CALL;

// As for `Task { }`: the task inherits the task-local values and the priority of its creator (TaskCreateFlags in
// include/swift/ABI/MetadataValues.h).
enum { COPY_TASK_LOCALS = 1 << 10, INHERIT_CONTEXT = 1 << 11 };

typedef ASYNC_CALL void (*body_function)(uintptr_t actor, uintptr_t actor_type, struct context *context ASYNC_CONTEXT,
                                         void *closure ASYNCIO_SWIFT_CONTEXT);
typedef ASYNC_CALL void (*end_of_task)(struct context *context ASYNC_CONTEXT, void *error ASYNCIO_SWIFT_CONTEXT);

// The context of the task's first function, which keeps the object in it.
struct own_context {
  struct context context;
  void *object;
};

static struct {
  void (*begins)(void *object);
  void (*has_ended)(void *object);
} functions;

// The body of the task that was created last on this thread: it is started next.
static _Thread_local struct asyncio_body next_body;

extern const struct async_function asyncio_call_bodyTu;

void asyncio_set_body_functions(void (*begins)(void *object), void (*has_ended)(void *object)) {
  functions.begins = begins;
  functions.has_ended = has_ended;
}

void *asyncio_create_task_of_body(struct asyncio_body body, const void *type_of_void) {
  next_body = body;
  return swift_task_create(COPY_TASK_LOCALS | INHERIT_CONTEXT, NULL, type_of_void, &asyncio_call_bodyTu, NULL).task;
}

static ASYNC_CALL void return_from_body(struct context *callee ASYNC_CONTEXT) {
  struct own_context *own = (struct own_context *)callee->parent;
  swift_task_dealloc(callee);
  functions.has_ended(own->object);
  return ((end_of_task)own->context.resume_parent)(&own->context, NULL);
}

// The function of the task. Its result would be written to `result`, and has no bytes.
ASYNC_CALL void asyncio_call_body(void *result, struct context *context ASYNC_CONTEXT,
                                  void *closure ASYNCIO_SWIFT_CONTEXT) {
  (void)result, (void)closure;
  struct asyncio_body body = next_body;
  ((struct own_context *)context)->object = body.object;
  functions.begins(body.object);
  const struct async_function *function = (const void *)body.function;
  struct context *callee = swift_task_alloc(function->context_size);
  callee->parent = context;
  callee->resume_parent = return_from_body;
  body_function call = (body_function)((uintptr_t)function + (intptr_t)function->offset);
  return call(body.actor[0], body.actor[1], callee, (void *)body.closure);
}

ASYNC_FUNCTION(asyncio_call_body, 24);

// Swift passes a closure that doesn't escape as two words, as it passes any other.
ASYNCIO_SWIFT_CALL struct asyncio_words asyncio_words_of_closure(uintptr_t function, uintptr_t closure) {
  return (struct asyncio_words){function, closure};
}
