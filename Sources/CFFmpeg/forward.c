// FFmpeg's libraries are loaded when they are first used, not when the program starts: a hundred and thirty libraries
// hang on them, whose linking takes as long as reading a model does, and can so be done beside it.
//
// Each function that Media calls is defined here by its own name and hands the call on. The headers' declarations are
// those that are defined, so the compiler compares the types. The definitions are hidden from other libraries: FFmpeg's
// own calls among its libraries do not pass through here.
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
// After the system's headers, which FFmpeg's include too: those stay visible.
#pragma GCC visibility push(hidden)
#include "shim.h"
#include <libavdevice/version.h>
#pragma GCC visibility pop

#define SK_TEXT_OF(x) #x
#define SK_TEXT(x) SK_TEXT_OF(x)
// The library that the headers belong to; another version would have other structures.
#define SK_LIBRARY(name, version) "lib" #name ".so." SK_TEXT(version)

// Each after those that it needs: the linker looks for a symbol in the libraries of one call alone.
static const char *const names[] = {
    SK_LIBRARY(avutil, LIBAVUTIL_VERSION_MAJOR),
    SK_LIBRARY(avcodec, LIBAVCODEC_VERSION_MAJOR),
    SK_LIBRARY(avformat, LIBAVFORMAT_VERSION_MAJOR),
    SK_LIBRARY(swscale, LIBSWSCALE_VERSION_MAJOR),
};
enum { LIBRARIES = sizeof names / sizeof *names };
static void *libraries[LIBRARIES];
static char failure[512];

static void load(void) {
    for (int index = 0; index < LIBRARIES; index++) {
        libraries[index] = dlopen(names[index], RTLD_LAZY | RTLD_LOCAL);
        if (libraries[index]) continue;
        const char *reason = dlerror();
        snprintf(failure, sizeof failure, "%s", reason ? reason : names[index]);
        return;
    }
}

const char *sk_load_failure(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return failure[0] ? failure : NULL;
}

static char device_failure[512];

static void load_devices(void) {
    void *library = NULL;
    if (sk_load_failure()) {
        snprintf(device_failure, sizeof device_failure, "%s", failure);
    } else if (!(library = dlopen(SK_LIBRARY(avdevice, LIBAVDEVICE_VERSION_MAJOR), RTLD_LAZY | RTLD_LOCAL))) {
        const char *reason = dlerror();
        snprintf(device_failure, sizeof device_failure, "%s", reason ? reason : "libavdevice");
    } else {
        void (*register_all)(void) = (void (*)(void))dlsym(library, "avdevice_register_all");
        if (register_all) register_all();
    }
}

const char *sk_load_devices(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load_devices);
    return device_failure[0] ? device_failure : NULL;
}

// A caller that has not asked `sk_load_failure` ends here when a library is missing.
static void *find(const char *function) {
    const char *reason = sk_load_failure();
    for (int index = 0; !reason && index < LIBRARIES; index++) {
        void *address = dlsym(libraries[index], function);
        if (address) return address;
    }
    fprintf(stderr, "saccade: FFmpeg's %s is missing: %s\n", function, reason ? reason : "no library has it");
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

// libavutil
SK_FORWARD(int, av_compare_ts, (int64_t ts_a, AVRational tb_a, int64_t ts_b, AVRational tb_b), (ts_a, tb_a, ts_b,
           tb_b))
SK_FORWARD(int, av_cpu_count, (void), ())
SK_FORWARD(int, av_dict_copy, (AVDictionary **dst, const AVDictionary *src, int flags), (dst, src, flags))
SK_FORWARD(void, av_dict_free, (AVDictionary **m), (m))
SK_FORWARD(AVDictionaryEntry *, av_dict_get, (const AVDictionary *m, const char *key, const AVDictionaryEntry *prev,
           int flags), (m, key, prev, flags))
SK_FORWARD(int, av_dict_set, (AVDictionary **pm, const char *key, const char *value, int flags), (pm, key, value,
           flags))
SK_FORWARD(int, av_dict_set_int, (AVDictionary **pm, const char *key, int64_t value, int flags), (pm, key, value,
           flags))
SK_FORWARD(AVFrame *, av_frame_alloc, (void), ())
SK_FORWARD(void, av_frame_free, (AVFrame **frame), (frame))
SK_FORWARD(int, av_frame_get_buffer, (AVFrame *frame, int align), (frame, align))
SK_FORWARD(AVFrameSideData *, av_frame_get_side_data, (const AVFrame *frame, enum AVFrameSideDataType type), (frame,
           type))
SK_FORWARD(int, av_frame_is_writable, (AVFrame *frame), (frame))
SK_FORWARD(void, av_frame_move_ref, (AVFrame *dst, AVFrame *src), (dst, src))
SK_FORWARD(void, av_free, (void *ptr), (ptr))
SK_FORWARD(const char *, av_get_pix_fmt_name, (enum AVPixelFormat pix_fmt), (pix_fmt))
SK_FORWARD(void, av_image_copy, (uint8_t *dst_data[4], int dst_linesizes[4], const uint8_t *src_data[4],
           const int src_linesizes[4], enum AVPixelFormat pix_fmt, int width, int height), (dst_data, dst_linesizes,
           src_data, src_linesizes, pix_fmt, width, height))
SK_FORWARD(int, av_image_copy_to_buffer, (uint8_t *dst, int dst_size, const uint8_t *const src_data[4],
           const int src_linesize[4], enum AVPixelFormat pix_fmt, int width, int height, int align), (dst, dst_size,
           src_data, src_linesize, pix_fmt, width, height, align))
SK_FORWARD(int, av_image_fill_arrays, (uint8_t *dst_data[4], int dst_linesize[4], const uint8_t *src,
           enum AVPixelFormat pix_fmt, int width, int height, int align), (dst_data, dst_linesize, src, pix_fmt, width,
           height, align))
SK_FORWARD(int, av_image_get_buffer_size, (enum AVPixelFormat pix_fmt, int width, int height, int align), (pix_fmt,
           width, height, align))
SK_FORWARD(int, av_log_format_line2, (void *ptr, int level, const char *fmt, va_list vl, char *line, int line_size,
           int *print_prefix), (ptr, level, fmt, vl, line, line_size, print_prefix))
SK_FORWARD(void, av_log_set_callback, (void (*callback)(void *, int, const char *, va_list)), (callback))
SK_FORWARD(void *, av_malloc, (size_t size), (size))
SK_FORWARD(int, av_opt_get, (void *obj, const char *name, int search_flags, uint8_t **out_val), (obj, name,
           search_flags, out_val))
SK_FORWARD(const AVPixFmtDescriptor *, av_pix_fmt_desc_get, (enum AVPixelFormat pix_fmt), (pix_fmt))
SK_FORWARD(int, av_reduce, (int *dst_num, int *dst_den, int64_t num, int64_t den, int64_t max), (dst_num, dst_den,
           num, den, max))
SK_FORWARD(int64_t, av_rescale_q, (int64_t a, AVRational bq, AVRational cq), (a, bq, cq))
SK_FORWARD(int, av_strerror, (int errnum, char *errbuf, size_t errbuf_size), (errnum, errbuf, errbuf_size))

// libavcodec
SK_FORWARD(int, av_bsf_alloc, (const AVBitStreamFilter *filter, AVBSFContext **ctx), (filter, ctx))
SK_FORWARD(void, av_bsf_free, (AVBSFContext **ctx), (ctx))
SK_FORWARD(const AVBitStreamFilter *, av_bsf_get_by_name, (const char *name), (name))
SK_FORWARD(int, av_bsf_init, (AVBSFContext *ctx), (ctx))
SK_FORWARD(int, av_bsf_receive_packet, (AVBSFContext *ctx, AVPacket *pkt), (ctx, pkt))
SK_FORWARD(int, av_bsf_send_packet, (AVBSFContext *ctx, AVPacket *pkt), (ctx, pkt))
SK_FORWARD(int, av_codec_is_encoder, (const AVCodec *codec), (codec))
SK_FORWARD(const AVCodec *, av_codec_iterate, (void **opaque), (opaque))
SK_FORWARD(int, av_new_packet, (AVPacket *pkt, int size), (pkt, size))
SK_FORWARD(AVPacket *, av_packet_alloc, (void), ())
SK_FORWARD(int, av_packet_copy_props, (AVPacket *dst, const AVPacket *src), (dst, src))
SK_FORWARD(void, av_packet_free, (AVPacket **pkt), (pkt))
SK_FORWARD(void, av_packet_move_ref, (AVPacket *dst, AVPacket *src), (dst, src))
SK_FORWARD(int, av_packet_ref, (AVPacket *dst, const AVPacket *src), (dst, src))
SK_FORWARD(void, av_packet_rescale_ts, (AVPacket *pkt, AVRational tb_src, AVRational tb_dst), (pkt, tb_src, tb_dst))
SK_FORWARD(void, av_packet_unref, (AVPacket *pkt), (pkt))
SK_FORWARD(AVCodecContext *, avcodec_alloc_context3, (const AVCodec *codec), (codec))
SK_FORWARD(const AVCodecDescriptor *, avcodec_descriptor_get_by_name, (const char *name), (name))
SK_FORWARD(const AVCodec *, avcodec_find_decoder, (enum AVCodecID id), (id))
SK_FORWARD(const AVCodec *, avcodec_find_encoder, (enum AVCodecID id), (id))
SK_FORWARD(const AVCodec *, avcodec_find_encoder_by_name, (const char *name), (name))
SK_FORWARD(void, avcodec_flush_buffers, (AVCodecContext *avctx), (avctx))
SK_FORWARD(void, avcodec_free_context, (AVCodecContext **avctx), (avctx))
SK_FORWARD(const char *, avcodec_get_name, (enum AVCodecID id), (id))
SK_FORWARD(int, avcodec_open2, (AVCodecContext *avctx, const AVCodec *codec, AVDictionary **options), (avctx, codec,
           options))
SK_FORWARD(AVCodecParameters *, avcodec_parameters_alloc, (void), ())
SK_FORWARD(int, avcodec_parameters_copy, (AVCodecParameters *dst, const AVCodecParameters *src), (dst, src))
SK_FORWARD(void, avcodec_parameters_free, (AVCodecParameters **par), (par))
SK_FORWARD(int, avcodec_parameters_from_context, (AVCodecParameters *par, const AVCodecContext *codec), (par, codec))
SK_FORWARD(int, avcodec_parameters_to_context, (AVCodecContext *codec, const AVCodecParameters *par), (codec, par))
SK_FORWARD(int, avcodec_receive_frame, (AVCodecContext *avctx, AVFrame *frame), (avctx, frame))
SK_FORWARD(int, avcodec_receive_packet, (AVCodecContext *avctx, AVPacket *avpkt), (avctx, avpkt))
SK_FORWARD(int, avcodec_send_frame, (AVCodecContext *avctx, const AVFrame *frame), (avctx, frame))
SK_FORWARD(int, avcodec_send_packet, (AVCodecContext *avctx, const AVPacket *avpkt), (avctx, avpkt))

// libavformat
SK_FORWARD(const AVInputFormat *, av_find_input_format, (const char *short_name), (short_name))
SK_FORWARD(int, av_get_packet, (AVIOContext *s, AVPacket *pkt, int size), (s, pkt, size))
SK_FORWARD(const AVOutputFormat *, av_guess_format, (const char *short_name, const char *filename,
           const char *mime_type), (short_name, filename, mime_type))
SK_FORWARD(AVRational, av_guess_frame_rate, (AVFormatContext *ctx, AVStream *stream, AVFrame *frame), (ctx, stream,
           frame))
SK_FORWARD(int, av_interleaved_write_frame, (AVFormatContext *s, AVPacket *pkt), (s, pkt))
SK_FORWARD(int, av_probe_input_buffer2, (AVIOContext *pb, const AVInputFormat **fmt, const char *url, void *logctx,
           unsigned int offset, unsigned int max_probe_size), (pb, fmt, url, logctx, offset, max_probe_size))
SK_FORWARD(int, av_read_frame, (AVFormatContext *s, AVPacket *pkt), (s, pkt))
SK_FORWARD(int, av_seek_frame, (AVFormatContext *s, int stream_index, int64_t timestamp, int flags), (s, stream_index,
           timestamp, flags))
SK_FORWARD(uint8_t *, av_stream_get_side_data, (const AVStream *stream, enum AVPacketSideDataType type, size_t *size),
           (stream, type, size))
SK_FORWARD(int, av_write_frame, (AVFormatContext *s, AVPacket *pkt), (s, pkt))
SK_FORWARD(int, av_write_trailer, (AVFormatContext *s), (s))
SK_FORWARD(AVFormatContext *, avformat_alloc_context, (void), ())
SK_FORWARD(int, avformat_alloc_output_context2, (AVFormatContext **ctx, const AVOutputFormat *oformat,
           const char *format_name, const char *filename), (ctx, oformat, format_name, filename))
SK_FORWARD(void, avformat_close_input, (AVFormatContext **s), (s))
SK_FORWARD(int, avformat_find_stream_info, (AVFormatContext *ic, AVDictionary **options), (ic, options))
SK_FORWARD(void, avformat_free_context, (AVFormatContext *s), (s))
SK_FORWARD(AVStream *, avformat_new_stream, (AVFormatContext *s, const AVCodec *c), (s, c))
SK_FORWARD(int, avformat_open_input, (AVFormatContext **ps, const char *url, const AVInputFormat *fmt,
           AVDictionary **options), (ps, url, fmt, options))
SK_FORWARD(int, avformat_query_codec, (const AVOutputFormat *ofmt, enum AVCodecID codec_id, int std_compliance),
           (ofmt, codec_id, std_compliance))
SK_FORWARD(int, avformat_write_header, (AVFormatContext *s, AVDictionary **options), (s, options))
SK_FORWARD(AVIOContext *, avio_alloc_context, (unsigned char *buffer, int buffer_size, int write_flag, void *opaque,
           int (*read_packet)(void *, uint8_t *, int), int (*write_packet)(void *, uint8_t *, int),
           int64_t (*seek)(void *, int64_t, int)), (buffer, buffer_size, write_flag, opaque, read_packet,
           write_packet, seek))
SK_FORWARD(int, avio_closep, (AVIOContext **s), (s))
SK_FORWARD(void, avio_context_free, (AVIOContext **s), (s))
SK_FORWARD(void, avio_flush, (AVIOContext *s), (s))
SK_FORWARD(int, avio_open2, (AVIOContext **s, const char *url, int flags, const AVIOInterruptCB *int_cb,
           AVDictionary **options), (s, url, flags, int_cb, options))
SK_FORWARD(int, avio_read_partial, (AVIOContext *s, unsigned char *buf, int size), (s, buf, size))
SK_FORWARD(int64_t, avio_size, (AVIOContext *s), (s))

// libswscale
SK_FORWARD(void, sws_freeContext, (struct SwsContext *swsContext), (swsContext))
SK_FORWARD(const int *, sws_getCoefficients, (int colorspace), (colorspace))
SK_FORWARD(struct SwsContext *, sws_getContext, (int srcW, int srcH, enum AVPixelFormat srcFormat, int dstW, int dstH,
           enum AVPixelFormat dstFormat, int flags, SwsFilter *srcFilter, SwsFilter *dstFilter, const double *param),
           (srcW, srcH, srcFormat, dstW, dstH, dstFormat, flags, srcFilter, dstFilter, param))
SK_FORWARD(int, sws_isSupportedInput, (enum AVPixelFormat pix_fmt), (pix_fmt))
SK_FORWARD(int, sws_isSupportedOutput, (enum AVPixelFormat pix_fmt), (pix_fmt))
SK_FORWARD(int, sws_scale, (struct SwsContext *c, const uint8_t *const *srcSlice, const int *srcStride, int srcSliceY,
           int srcSliceH, uint8_t *const *dst, const int *dstStride), (c, srcSlice, srcStride, srcSliceY, srcSliceH,
           dst, dstStride))
SK_FORWARD(int, sws_setColorspaceDetails, (struct SwsContext *c, const int *inv_table, int srcRange, const int *table,
           int dstRange, int brightness, int contrast, int saturation), (c, inv_table, srcRange, table, dstRange,
           brightness, contrast, saturation))

// A demuxer may ask to open further files (playlists, references). Nothing but the one input is ever opened.
static int refuse_open(AVFormatContext *context, AVIOContext **pb, const char *url, int flags, AVDictionary **options) {
    __typeof__(av_log) *log = (__typeof__(av_log) *)find("av_log");
    log(context, AV_LOG_ERROR, "the file refers to another file, which is not opened\n");
    return AVERROR(EPERM);
}

void sk_refuse_further_files(AVFormatContext *context) { context->io_open = refuse_open; }
