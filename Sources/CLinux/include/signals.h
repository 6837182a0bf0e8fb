// SPDX-License-Identifier: Apache-2.0
// Signals that the process watches. A handler counts the signal and wakes the loops that wait for it. A handler may do
// nothing else; a loop does the rest, between two of its turns. See Signals in AsyncIOCore.
#pragma once
#include <errno.h>
#include <signal.h>
#include <stdint.h>

// Watches a signal from now on, or changes whether it is watched even if it was ignored before. A signal that was
// ignored at the process's start can stay so, as in CPython: a shell ignores SIGINT for a background job, and nohup(1)
// ignores SIGHUP. The calling thread unblocks the signal: children inherit the mask of the thread that starts them, and
// libdispatch's threads block everything.
void asyncio_signal_watch(int number, int even_if_ignored);
// Gives the signal back to its earlier handler, unless other code has replaced ours.
void asyncio_signal_unwatch(int number);
// The program has received a SIGINT and responds to it, so the next one is not the second.
void asyncio_signal_interrupt_was_received(void);
// How often the signal came since the last call.
int asyncio_signal_take(int number);
// Registers a loop's descriptor (an eventfd) to wake, and unregisters it. After the latter returns, no handler writes
// to it.
void asyncio_signal_wakes(int descriptor);
void asyncio_signal_wakes_no_more(int descriptor);
// Flushes stdio, then ends the process as an unhandled signal does.
void asyncio_end_by_signal(int number);

extern int asyncio_signals_pending;
// Whether a signal has come since the last call; clears that.
static inline int asyncio_signals_have_come(void) {
  return __atomic_load_n(&asyncio_signals_pending, __ATOMIC_RELAXED) &&
         __atomic_exchange_n(&asyncio_signals_pending, 0, __ATOMIC_SEQ_CST);
}
