// Counts what a thread takes from the heap. The counter stands before the C library's allocator in every program that
// links it: tests only.
#pragma once

/// Begins to count on this thread. With `trace` each allocation writes its stack to standard error.
void allocation_counter_begin(int trace);

/// Ends, and tells how often this thread has asked the heap for memory since the beginning.
long allocation_counter_end(void);

/// The same on every thread of the process: for a process that does nothing else.
void allocation_counter_begin_everywhere(int trace);
long allocation_counter_end_everywhere(void);
