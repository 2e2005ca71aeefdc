// The program's arguments, out of sight.
//
// What stands behind `://` in an argument may be a password, and the system shows every process's arguments to all its
// users. Before anything else of the program runs, the arguments are copied, and what the system shows of them ends
// behind each `://`.
#pragma once

// How many arguments the program was called with, its name among them.
int sk_argument_count(void);

// The argument as it was given; NULL for a number that there is not.
const char *_Nullable sk_argument(int index);

// Replaces what the system shows of an argument; the text is cut off, or filled with spaces, to its length.
void sk_show_argument(int index, const char *_Nonnull text);
