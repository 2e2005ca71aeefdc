// OpenBLAS is loaded with the first product of float matrices: its threads, of which we have no use, turn in circles for
// a tenth of a second when they start, and a network of bytes multiplies no floats.
//
// The definitions are hidden from other libraries, which may have an OpenBLAS of their own.
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
// After the system's headers, which OpenBLAS's include too: those stay visible.
#pragma GCC visibility push(hidden)
#include "shim.h"
#pragma GCC visibility pop

static __typeof__(cblas_sgemm) *sgemm;

static void load(void) {
    void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    __typeof__(openblas_set_num_threads) *set_num_threads = NULL;
    if (library) {
        sgemm = (__typeof__(cblas_sgemm) *)dlsym(library, "cblas_sgemm");
        set_num_threads = (__typeof__(openblas_set_num_threads) *)dlsym(library, "openblas_set_num_threads");
    }
    if (!sgemm || !set_num_threads) {
        const char *reason = dlerror();
        fprintf(stderr, "saccade: a product of float matrices needs OpenBLAS: %s\n", reason ? reason : "not found");
        abort();
    }
    // We share the work ourselves.
    set_num_threads(1);
}

void cblas_sgemm(
    enum CBLAS_ORDER order, enum CBLAS_TRANSPOSE transpose_a, enum CBLAS_TRANSPOSE transpose_b, blasint rows,
    blasint columns, blasint depth, float alpha, const float *a, blasint a_stride, const float *b, blasint b_stride,
    float beta, float *c, blasint c_stride) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    sgemm(order, transpose_a, transpose_b, rows, columns, depth, alpha, a, a_stride, b, b_stride, beta, c, c_stride);
}
