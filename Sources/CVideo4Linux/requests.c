#include "CVideo4Linux.h"
#include <errno.h>
#include <sys/ioctl.h>

static int ask(int descriptor, unsigned long request, void *answer) {
    int code;
    do code = ioctl(descriptor, request, answer);
    while (code < 0 && errno == EINTR);
    return code < 0 ? -1 : 0;
}

int sk_v4l2_capability(int descriptor, struct v4l2_capability *answer) {
    return ask(descriptor, VIDIOC_QUERYCAP, answer);
}
int sk_v4l2_format(int descriptor, struct v4l2_fmtdesc *answer) { return ask(descriptor, VIDIOC_ENUM_FMT, answer); }
int sk_v4l2_size(int descriptor, struct v4l2_frmsizeenum *answer) {
    return ask(descriptor, VIDIOC_ENUM_FRAMESIZES, answer);
}
int sk_v4l2_interval(int descriptor, struct v4l2_frmivalenum *answer) {
    return ask(descriptor, VIDIOC_ENUM_FRAMEINTERVALS, answer);
}
