// SDL 2 as Swift sees it. Nothing of it is linked: see forward.c.
#pragma once
// The functions are defined by us, and nobody else's.
#define DECLSPEC
// Vector headers, which SDL includes for who wants to use them.
#define SDL_DISABLE_IMMINTRIN_H
#define SDL_DISABLE_MMINTRIN_H
#define SDL_DISABLE_XMMINTRIN_H
#define SDL_DISABLE_EMMINTRIN_H
#define SDL_DISABLE_PMMINTRIN_H
#define SDL_DISABLE_MM3DNOW_H
#include <SDL2/SDL.h>

// Loads the library, unless that is done. Says what is missing, NULL when nothing is. Any other function of SDL loads
// it too, but ends the program where it is missing.
const char *_Nullable sk_sdl_load_failure(void);

// Calls `action` when the connection with the X server is lost, on the thread that notices it, which then sleeps for
// ever: what Xlib does otherwise is to end the program. Without an effect where SDL does not use X.
void sk_sdl_on_lost_display(void (*_Nonnull action)(void));

// Makes the program end without what graphics libraries do at its end: they would wait for a thread that waits for the
// screen.
void sk_sdl_skip_cleanup(void);

// Macros with a cast or an expression that Swift does not evaluate.
static const int sk_sdl_window_centered = SDL_WINDOWPOS_CENTERED;
static const Uint32 sk_sdl_format_iyuv = SDL_PIXELFORMAT_IYUV;
static const Uint32 sk_sdl_format_rgb24 = SDL_PIXELFORMAT_RGB24;
