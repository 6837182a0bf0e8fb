// SPDX-License-Identifier: Apache-2.0
#include "CSwiftRuntime.h"

static void (*cancellation_callback)(void *context);

void asyncio_set_cancellation_callback(void (*callback)(void *context)) { cancellation_callback = callback; }

ASYNCIO_SWIFT_CALL static void cancelled(void *context ASYNCIO_SWIFT_CONTEXT) { cancellation_callback(context); }

void *asyncio_add_cancellation_handler(void *context) {
  return swift_task_addCancellationHandler(cancelled, context);
}
