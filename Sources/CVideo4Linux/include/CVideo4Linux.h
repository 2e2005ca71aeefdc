// Questions to a camera's driver. The numbers of the requests are macros that Swift does not import. Each returns 0, or
// -1 where the driver has no (further) answer.
#pragma once
// Before it, for the structures that it uses.
#include <sys/time.h>
#include <time.h>

#include <linux/videodev2.h>

int sk_v4l2_capability(int descriptor, struct v4l2_capability *_Nonnull answer);
int sk_v4l2_format(int descriptor, struct v4l2_fmtdesc *_Nonnull answer);
int sk_v4l2_size(int descriptor, struct v4l2_frmsizeenum *_Nonnull answer);
int sk_v4l2_interval(int descriptor, struct v4l2_frmivalenum *_Nonnull answer);
