// SDL is loaded when a window is wanted, and need not be there otherwise. Each function that Display calls is defined
// here by its own name and hands the call on; the header's declarations are those that are defined, so the compiler
// compares the types.
#define _GNU_SOURCE  // on_exit
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#pragma GCC visibility push(hidden)
#include "shim.h"
#pragma GCC visibility pop

static void *library;
static char failure[512];

static void load(void) {
    library = dlopen("libSDL2-2.0.so.0", RTLD_LAZY | RTLD_LOCAL);
    if (library) return;
    const char *reason = dlerror();
    snprintf(failure, sizeof failure, "%s", reason ? reason : "libSDL2-2.0.so.0");
}

const char *sk_sdl_load_failure(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return failure[0] ? failure : NULL;
}

// A caller that has not asked `sk_sdl_load_failure` ends here when the library is missing.
static void *find(const char *function) {
    const char *reason = sk_sdl_load_failure();
    void *address = reason ? NULL : dlsym(library, function);
    if (address) return address;
    fprintf(stderr, "saccade: SDL's %s is missing: %s\n", function, reason ? reason : "the library is too old");
    abort();
}

#define SK_FORWARD(result, name, parameters, arguments)                                                                \
    result name parameters {                                                                                           \
        static __typeof__(name) *_Atomic known;                                                                        \
        __typeof__(name) *function = atomic_load_explicit(&known, memory_order_relaxed);                               \
        if (!function) {                                                                                               \
            function = (__typeof__(name) *)find(#name);                                                                \
            atomic_store_explicit(&known, function, memory_order_relaxed);                                             \
        }                                                                                                              \
        return function arguments;                                                                                     \
    }

SK_FORWARD(SDL_Renderer *, SDL_CreateRenderer, (SDL_Window * window, int index, Uint32 flags), (window, index, flags))
SK_FORWARD(SDL_Texture *, SDL_CreateTexture, (SDL_Renderer * renderer, Uint32 format, int access, int w, int h),
           (renderer, format, access, w, h))
SK_FORWARD(SDL_Window *, SDL_CreateWindow, (const char *title, int x, int y, int w, int h, Uint32 flags), (title, x, y,
           w, h, flags))
SK_FORWARD(void, SDL_DestroyRenderer, (SDL_Renderer * renderer), (renderer))
SK_FORWARD(void, SDL_DestroyTexture, (SDL_Texture * texture), (texture))
SK_FORWARD(void, SDL_DestroyWindow, (SDL_Window * window), (window))
SK_FORWARD(int, SDL_GetDisplayUsableBounds, (int displayIndex, SDL_Rect *rect), (displayIndex, rect))
SK_FORWARD(const char *, SDL_GetError, (void), ())
SK_FORWARD(int, SDL_GetRendererOutputSize, (SDL_Renderer * renderer, int *w, int *h), (renderer, w, h))
SK_FORWARD(Uint32, SDL_GetWindowFlags, (SDL_Window * window), (window))
SK_FORWARD(Uint32, SDL_GetWindowID, (SDL_Window * window), (window))
SK_FORWARD(int, SDL_Init, (Uint32 flags), (flags))
SK_FORWARD(int, SDL_PollEvent, (SDL_Event * event), (event))
SK_FORWARD(void, SDL_Quit, (void), ())
SK_FORWARD(int, SDL_RenderClear, (SDL_Renderer * renderer), (renderer))
SK_FORWARD(int, SDL_RenderCopy, (SDL_Renderer * renderer, SDL_Texture *texture, const SDL_Rect *srcrect,
           const SDL_Rect *dstrect), (renderer, texture, srcrect, dstrect))
SK_FORWARD(void, SDL_RenderPresent, (SDL_Renderer * renderer), (renderer))
SK_FORWARD(int, SDL_RenderReadPixels, (SDL_Renderer * renderer, const SDL_Rect *rect, Uint32 format, void *pixels,
           int pitch), (renderer, rect, format, pixels, pitch))
SK_FORWARD(int, SDL_RenderSetLogicalSize, (SDL_Renderer * renderer, int w, int h), (renderer, w, h))
SK_FORWARD(SDL_bool, SDL_SetHint, (const char *name, const char *value), (name, value))
SK_FORWARD(int, SDL_SetRenderDrawColor, (SDL_Renderer * renderer, Uint8 r, Uint8 g, Uint8 b, Uint8 a), (renderer, r, g,
           b, a))
SK_FORWARD(int, SDL_SetWindowFullscreen, (SDL_Window * window, Uint32 flags), (window, flags))
SK_FORWARD(void, SDL_SetWindowTitle, (SDL_Window * window, const char *title), (window, title))
SK_FORWARD(void, SDL_SetYUVConversionMode, (SDL_YUV_CONVERSION_MODE mode), (mode))
SK_FORWARD(int, SDL_UpdateYUVTexture, (SDL_Texture * texture, const SDL_Rect *rect, const Uint8 *Yplane, int Ypitch,
           const Uint8 *Uplane, int Upitch, const Uint8 *Vplane, int Vpitch), (texture, rect, Yplane, Ypitch, Uplane,
           Upitch, Vplane, Vpitch))

static void leave(int status, void *nothing) {
    (void)nothing;
    fflush(stdout);
    _exit(status);
}

void sk_sdl_skip_cleanup(void) { on_exit(leave, NULL); }

static void (*_Atomic lost_display)(void);

static int sleep_for_ever(void *display) {
    (void)display;
    void (*action)(void) = atomic_load(&lost_display);
    sk_sdl_skip_cleanup();
    if (action) action();
    for (;;) pause();
}

void sk_sdl_on_lost_display(void (*action)(void)) {
    atomic_store(&lost_display, action);
    // SDL has loaded it if it is used.
    void *xlib = dlopen("libX11.so.6", RTLD_LAZY | RTLD_NOLOAD);
    if (!xlib) return;
    typedef int (*handler)(void *);
    handler (*set)(handler) = (handler(*)(handler))dlsym(xlib, "XSetIOErrorHandler");
    if (set) set(sleep_for_ever);
}
