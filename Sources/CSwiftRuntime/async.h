// SPDX-License-Identifier: Apache-2.0
// Async functions in C. The caller makes a function's context, which holds the caller's own context and the function
// that goes on there. An async function returns by calling that function. Callers look at a symbol with the suffix
// `Tu`: where the function is, and how large a context it needs.
#pragma once
#include "CSwiftRuntime.h"

#define ASYNC_CALL __attribute__((swiftasynccall))
#define ASYNC_CONTEXT __attribute__((swift_async_context))

struct context;
typedef ASYNC_CALL void (*resume_function)(struct context *context ASYNC_CONTEXT);
struct context {
  struct context *parent;
  resume_function resume_parent;
};

// What a symbol with the suffix `Tu` names, and the first word of an async closure points to.
struct async_function {
  int32_t offset;  // of the function, from here
  uint32_t context_size;
};

#define ASYNC_FUNCTION(name, size)        \
  __asm__(".pushsection .rodata\n"        \
          ".globl " #name "Tu\n"          \
          ".p2align 3\n"                  \
          #name "Tu:\n"                   \
          ".long " #name " - " #name "Tu\n" \
          ".long " #size "\n"             \
          ".popsection\n")
