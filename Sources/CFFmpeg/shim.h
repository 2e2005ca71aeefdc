// What Swift cannot import from libav* by itself: macros and variadic functions, each with the reason beside it.
#pragma once
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

// AVERROR() and FFERRTAG() are function-like macros.
static const int sk_averror_eof = AVERROR_EOF;
static const int sk_averror_again = AVERROR(EAGAIN);

// AV_NOPTS_VALUE is a macro with a cast.
static const int64_t sk_nopts = AV_NOPTS_VALUE;
