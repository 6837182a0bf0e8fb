// SPDX-License-Identifier: Apache-2.0
// Signals that the process takes note of: a handler that counts, and wakes the loops that want to know. A handler may use
// nothing else; what follows is done by a loop, between two of its turns. See Signals in AsyncIOCore.
#pragma once
#include <errno.h>
#include <signal.h>
#include <stdint.h>

// Takes note of a signal from now on, unless the process was started with it ignored, as a shell does it with SIGINT for a
// background job, and nohup(1) with SIGHUP: that is to stay (CPython keeps it, too). The calling thread has it unblocked:
// children inherit the mask of the thread that started them, and libdispatch's block everything.
void asyncio_signal_watch(int number);
// Gives the signal back to its earlier handler.
void asyncio_signal_unwatch(int number);
// How often it has come since the last time.
int asyncio_signal_take(int number);
// The descriptor of a loop that is to wake (an eventfd), and its end: no handler writes to it any more when this returns.
void asyncio_signal_wakes(int descriptor);
void asyncio_signal_wakes_no_more(int descriptor);
// Ends the process as the signal does where nobody handles it, after what stdio holds was written.
void asyncio_end_by_signal(int number);

extern int asyncio_signals_pending;
// Whether a signal has come that nobody has taken; clears that.
static inline int asyncio_signals_have_come(void) {
  return __atomic_load_n(&asyncio_signals_pending, __ATOMIC_RELAXED) &&
         __atomic_exchange_n(&asyncio_signals_pending, 0, __ATOMIC_SEQ_CST);
}
