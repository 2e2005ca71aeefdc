// What Swift cannot import from libav* by itself: macros and variadic functions, each with the reason beside it.
#pragma once
#include <libavcodec/avcodec.h>
#include <libavcodec/bsf.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/cpu.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

// Loads FFmpeg's libraries, unless that is done. Says what is missing, NULL when nothing is. Any other function of
// FFmpeg loads them too, but ends the program where they are missing.
const char *_Nullable sk_load_failure(void);

// Loads libavdevice, which brings a hundred libraries of its own, and makes its formats known (`v4l2`, `lavfi`). Says
// what is missing, NULL when nothing is.
const char *_Nullable sk_load_devices(void);

// AVERROR() and FFERRTAG() are function-like macros.
static const int sk_averror_eof = AVERROR_EOF;
static const int sk_averror_again = AVERROR(EAGAIN);

// AV_NOPTS_VALUE is a macro with a cast.
static const int64_t sk_nopts = AV_NOPTS_VALUE;

static const int sk_averror_exit = AVERROR_EXIT;
static const int sk_averror_invaliddata = AVERROR_INVALIDDATA;
static const int sk_averror_decoder_not_found = AVERROR_DECODER_NOT_FOUND;
static const int sk_averror_patchwelcome = AVERROR_PATCHWELCOME;
static const int sk_averror_demuxer_not_found = AVERROR_DEMUXER_NOT_FOUND;
static const int sk_averror_protocol_not_found = AVERROR_PROTOCOL_NOT_FOUND;
static const int sk_averror_http_unauthorized = AVERROR_HTTP_UNAUTHORIZED;
static const int sk_averror_http_forbidden = AVERROR_HTTP_FORBIDDEN;
static const int sk_averror_http_not_found = AVERROR_HTTP_NOT_FOUND;
static const int sk_averror_http_server_error = AVERROR_HTTP_SERVER_ERROR;

// Macros that hold a cast or an expression which Swift does not evaluate.
static const int sk_avseek_size = AVSEEK_SIZE;
static const int sk_avseek_force = AVSEEK_FORCE;

// A log callback takes a va_list, which Swift cannot forward: this one formats the line and hands it to `sk_log_line`,
// which the Media module defines. Only errors are formatted: the callback runs for every message of every frame.
void sk_log_line(const char *_Nonnull line);

static inline void sk_log_callback(void *_Nullable source, int level, const char *_Nonnull format, va_list arguments) {
    if (level > AV_LOG_ERROR) return;
    char line[1024];
    int prefix = 0;  // name and address of libav*'s object
    av_log_format_line2(source, level, format, arguments, line, sizeof line, &prefix);
    sk_log_line(line);
}

static inline void sk_capture_log(void) { av_log_set_callback(sk_log_callback); }

// AVFrame's arrays of planes import as tuples, which sws_scale does not take.
static inline int sk_scale(struct SwsContext *_Nonnull context, const AVFrame *_Nonnull source,
                           AVFrame *_Nonnull target) {
    return sws_scale(context, (const uint8_t *const *)source->data, source->linesize, 0, source->height, target->data,
                     target->linesize);
}

// Copy a picture into memory without gaps between its planes, and out of it; the places follow from format and size.
// Less than 0 where that cannot be.
static inline int sk_copy_to_buffer(uint8_t *_Nonnull buffer, int size, const AVFrame *_Nonnull source,
                                    enum AVPixelFormat format, int width, int height, int alignment) {
    return av_image_copy_to_buffer(buffer, size, (const uint8_t *const *)source->data, source->linesize, format, width,
                                   height, alignment);
}

static inline int sk_copy_from_buffer(AVFrame *_Nonnull target, const uint8_t *_Nonnull buffer,
                                      enum AVPixelFormat format, int width, int height, int alignment) {
    uint8_t *planes[4];
    int strides[4];
    int size = av_image_fill_arrays(planes, strides, buffer, format, width, height, alignment);
    if (size >= 0) av_image_copy(target->data, target->linesize, (const uint8_t **)planes, strides, format, width, height);
    return size;
}

// Whether pictures of a format lie in memory, and not on a device.
static inline int sk_is_plain(enum AVPixelFormat format) {
    const AVPixFmtDescriptor *description = av_pix_fmt_desc_get(format);
    return description && !(description->flags & AV_PIX_FMT_FLAG_HWACCEL);
}

// An array of streams imports as an optional pointer to optional pointers.
static inline AVStream *_Nonnull sk_stream(const AVFormatContext *_Nonnull context, int index) {
    return context->streams[index];
}

// Opens no file but the one input: a demuxer may ask for further ones (playlists, references).
void sk_refuse_further_files(AVFormatContext *_Nonnull context);
