// SPDX-License-Identifier: Apache-2.0
// Tells the thread sanitizer what it cannot see of Swift's `Mutex`. Linking a program with it is enough.
//
// Atomic operations inlined into the program lock and unlock an uncontended mutex: the sanitizer sees those. The kernel
// hands over a contended one (a futex with priority inheritance), in functions of libswiftSynchronization that are not
// instrumented. So the sanitizer reports a race between threads that run one after another (Swift 6.3.1). Therefore
// these functions are defined here again, where the linker finds them first. They call the library's, and tell the
// sanitizer that the mutex was acquired or is about to be released.
//
// Without `--sanitize=thread` this is empty.
#pragma once
