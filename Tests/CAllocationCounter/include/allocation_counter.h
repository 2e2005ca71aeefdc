// Counts what a thread takes from the heap. The counter stands before the C library's allocator in every program that
// links it: tests only.
#pragma once

/// How often this thread has asked the heap for memory since it began.
long allocation_count(void);

/// When not 0, each further allocation of this thread writes its stack to standard error: to find out who it was.
void allocation_trace(int on);
