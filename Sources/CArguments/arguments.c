#define _GNU_SOURCE
#include "CArguments.h"
#include <stdlib.h>
#include <string.h>

static int count;
static char **shown;
static char **given;

// The first constructor of all: those before 101 are the system's own.
__attribute__((constructor(101))) static void take(int argc, char **argv) {
    char **copies = calloc((size_t)argc + 1, sizeof *copies);
    if (!copies) abort();
    for (int index = 0; index < argc; index++) {
        if (!(copies[index] = strdup(argv[index]))) abort();
        char *mark = strstr(argv[index], "://");
        if (mark) memset(mark + 3, '*', strlen(mark + 3));
    }
    count = argc;
    shown = argv;
    given = copies;
}

int sk_argument_count(void) { return count; }

const char *sk_argument(int index) { return index >= 0 && index < count ? given[index] : NULL; }

void sk_show_argument(int index, const char *text) {
    if (index < 0 || index >= count) return;
    size_t length = strlen(shown[index]);
    size_t used = strlen(text);
    for (size_t place = 0; place < length; place++) shown[index][place] = place < used ? text[place] : ' ';
}
