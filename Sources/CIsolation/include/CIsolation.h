// Processes that share memory and little else. Each function returns what it says, or -1 with errno.
#pragma once
#include <stdint.h>
#include <sys/types.h>

// Anonymous memory of a size that nobody can change, so that reading what is mapped never faults. Pages that were never
// written take no memory. Returns a descriptor that other programs do not inherit.
int sk_shared_memory(int64_t size);

// Starts a program in a process group of its own, so that Ctrl-C does not reach it, with `socket` and `memory` as its
// descriptors 3 and 4 and nothing else: no standard input, output or error. Returns its process id.
pid_t sk_spawn(const char *_Nonnull program, char *_Nullable const *_Nonnull arguments, int socket, int memory);

// From now on this process and its threads can neither write nor make nor run a file, nor gain rights, nor leave a core
// dump; what it reads lies in the system's folders, and devices may be written. Where the kernel has no Landlock
// (before Linux 5.13) the file system stays as it is. Returns 0.
int sk_confine(void);
