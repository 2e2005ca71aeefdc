#pragma once
// A Swift closure `(Int) -> Void` that does not escape, to be called on other threads while its owner waits for them.
//
// Swift itself makes a copy of such a closure on the heap before it can be stored (`withoutActuallyEscaping`): one
// allocation for each operator of each frame. Here its two words are kept as they are.

#include <stdint.h>

typedef struct sk_closure {
    const void *_Nullable code;
    const void *_Nullable context;
} sk_closure;

/// Calls the closure. Its owner's call must not have returned.
void sk_closure_call(sk_closure closure, intptr_t argument);
