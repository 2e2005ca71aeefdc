#define _GNU_SOURCE
#include "include/allocation_counter.h"

#include <errno.h>
#include <execinfo.h>
#include <stddef.h>
#include <stdint.h>

// glibc's own entry points; what they give back is freed by its `free` as always.
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

#define THREAD_LOCAL static _Thread_local __attribute__((tls_model("initial-exec")))
THREAD_LOCAL long count;
THREAD_LOCAL int counts;
THREAD_LOCAL int notes;  // what it allocates itself is not counted
static _Atomic long count_everywhere;
static _Atomic int counts_everywhere;
static _Atomic int traces;

static void prepare(int trace) {
    void *frame;
    backtrace(&frame, 1);  // it allocates when it is called for the first time
    traces = trace;
}

void allocation_counter_begin(int trace) {
    prepare(trace);
    count = 0;
    counts = 1;
}

long allocation_counter_end(void) {
    counts = 0;
    return count;
}

void allocation_counter_begin_everywhere(int trace) {
    prepare(trace);
    count_everywhere = 0;
    counts_everywhere = 1;
}

long allocation_counter_end_everywhere(void) {
    counts_everywhere = 0;
    return count_everywhere;
}

// A sanitizer has an allocator of its own, which nothing may stand before: nothing is counted then.
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
static void note(void) {
    if (notes || !(counts || counts_everywhere)) return;
    notes = 1;
    count += counts;
    count_everywhere += counts_everywhere;
    void *frames[24];
    if (traces) backtrace_symbols_fd(frames, backtrace(frames, 24), 2);
    notes = 0;
}

void *malloc(size_t size) {
    note();
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    note();
    return __libc_calloc(number, size);
}

void *realloc(void *pointer, size_t size) {
    note();
    return __libc_realloc(pointer, size);
}

void *memalign(size_t alignment, size_t size) {
    note();
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    note();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **pointer, size_t alignment, size_t size) {
    note();
    if (alignment == 0 || alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0) return EINVAL;
    void *memory = __libc_memalign(alignment, size);
    if (memory == NULL) return ENOMEM;
    *pointer = memory;
    return 0;
}
#endif
