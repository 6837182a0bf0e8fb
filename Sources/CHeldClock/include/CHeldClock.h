// SPDX-License-Identifier: Apache-2.0
// A thread whose clocks stand still. For processes that run tests, and never linked into others.
//
// `Task.sleep` turns a duration into an instant of the machine's clock and hands that to the executor, which takes the
// present time off again. In between the clock moves: microseconds, or milliseconds if the thread lost its processor
// just then, and nobody can tell how much it was. Virtual time must not depend on that. So this defines
// clock_gettime(2) for the whole process, before libc's: on a thread that holds its clocks the monotonic ones give the
// same time until the hold is renewed; on every other thread, and for every other clock, it is libc's.
#pragma once
#include <stdbool.h>

// Holds the calling thread's monotonic clocks (MONOTONIC, its variants, BOOTTIME) at the times they are next read at,
// or lets go of them. A thread that spins until time has passed is not held for ever: a hold is renewed by itself after
// 10,000 readings.
void asyncio_hold_clocks(bool hold);
