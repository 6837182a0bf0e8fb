// SPDX-License-Identifier: Apache-2.0
// Tells the thread sanitizer what it cannot see of Swift's `Mutex`. A program has only to be linked with it.
//
// An uncontended mutex is locked and unlocked by atomic operations that are inlined into the program: those are seen. A
// contended one is handed over by the kernel (a futex with priority inheritance), in functions of libswiftSynchronization
// that are not instrumented: the sanitizer takes what one thread does after the other for a race (Swift 6.3.1). So these
// functions are defined here once more, where the linker finds them first: they call the library's, and say to the
// sanitizer that the mutex was acquired or is released.
//
// Without `--sanitize=thread` there is nothing in here.
#pragma once
