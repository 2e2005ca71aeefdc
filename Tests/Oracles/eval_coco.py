#!/usr/bin/env python3
"""COCO average precision of `saccade detect` beside the same models through ONNX Runtime.

    eval_coco.py --saccade BINARY [--data $SACCADE_DATA] [--models yolov8n yolo11n yolo26n yolov5n yolox_nano]
    eval_coco.py --saccade BINARY --decoder saccade --square --tolerance 0.1 --models yolov8n-int8.onnx ...

The reference is numpy alone around the session: letterbox (bilinear, without smoothing; centred in gray 114, or for YOLOX
at the top left, BGR 0 to 255), decoding of the head, non-maximum suppression per class. Confidence 0.001, IoU 0.7, 300
boxes an image, and one class for each anchor, as in prediction; the column `every class` is the reference where an anchor
may give a box for each class, as validation scripts have it. Both results go through pycocotools.

The program runs with `--square` here, as the reference does; the column `own shape` is its AP without, where the
network's input has the picture's shape; --square leaves it out.

With `--decoder saccade` both networks get the same bytes: the program's own input, as `saccade inspect --tensors` writes
it. So int8 models are compared, by what the two runtimes make of one file. A rounding that falls to the other side at
one place moves others behind it; how much of AP that is on so few pictures, --brighter N tells: the reference's AP for N
drawings of a hundredth of the input's values that are a level brighter.

Prints a table of AP and AP50 in points; exits 1 when AP differs by more than --tolerance from the reference, or when AP
with the picture's own shape is lower by more than that. `--reference-only` needs no program unless it decodes. Needs
onnxruntime, numpy, pillow and pycocotools.
"""
import argparse
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile

CONFIDENCE, IOU, MOST_BOXES, MOST_CANDIDATES = 0.001, 0.7, 300, 30_000


def resize(image, width, height):
    """Bilinear with pixel centres aligned, the way detectors are trained: no smoothing when it shrinks."""
    import numpy as np

    def taps(size, target):
        place = (np.arange(target) + 0.5) * size / target - 0.5
        low = np.floor(place).astype(int)
        return np.clip(low, 0, size - 1), np.clip(low + 1, 0, size - 1), (place - low).astype(np.float32)

    top, bottom, down = taps(image.shape[0], height)
    left, right, across = taps(image.shape[1], width)
    image = image.astype(np.float32)
    rows = image[top] + (image[bottom] - image[top]) * down[:, None, None]
    return np.rint(rows[:, left] + (rows[:, right] - rows[:, left]) * across[None, :, None])


def placed(width, height, size, is_yolox):
    """The scale and offsets of a picture on the network's input, and its width and height there."""
    scale = min(size / height, size / width)
    inner = (int(width * scale), int(height * scale)) if is_yolox else (round(width * scale), round(height * scale))
    x, y = (0, 0) if is_yolox else (round((size - inner[0]) / 2 - 0.1), round((size - inner[1]) / 2 - 0.1))
    return scale, x, y, inner


def letterbox(image, size, is_yolox):
    """The network's input."""
    import numpy as np

    _, x, y, inner = placed(image.shape[1], image.shape[0], size, is_yolox)
    canvas = np.full((size, size, 3), 114, np.float32)
    canvas[y:y + inner[1], x:x + inner[0]] = resize(image, *inner)
    canvas = canvas[:, :, ::-1] if is_yolox else canvas / 255
    return np.ascontiguousarray(canvas.transpose(2, 0, 1)[None])


def own_input(saccade, model, path):
    """The network's input as the program makes it."""
    import numpy as np

    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run([saccade, "inspect", model, "--tensors", scratch, "--image", path],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
        return np.load(os.path.join(scratch, "input.npy"))


def decode(output, size, is_yolox):
    """Boxes as centre and size in input pixels, and the scores of all classes."""
    import numpy as np

    output = output[0]
    if is_yolox:
        cells, strides = [], []
        for stride in (8, 16, 32):
            count = size // stride
            v, u = np.mgrid[:count, :count]
            cells.append(np.stack([u, v], -1).reshape(-1, 2))
            strides.append(np.full((count * count, 1), stride))
        cells, strides = np.concatenate(cells), np.concatenate(strides)
        boxes = np.concatenate([(output[:, :2] + cells) * strides, np.exp(output[:, 2:4]) * strides], 1)
        return boxes, output[:, 4:5] * output[:, 5:]
    if output.shape[0] < output.shape[1]:
        return output[:4].T, output[4:].T
    return output[:, :4], output[:, 4:5] * output[:, 5:]


def suppress(boxes, scores, classes):
    """Greedy suppression within each class; the indices kept, best first."""
    import numpy as np

    order = np.argsort(-scores, kind="stable")[:MOST_CANDIDATES]
    half = boxes[:, 2:] / 2
    corners = np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], 1)
    kept = []
    for one in np.unique(classes[order]):
        rest = order[classes[order] == one]
        found = 0
        while len(rest) and found < MOST_BOXES:
            best, rest = rest[0], rest[1:]
            kept.append(best)
            found += 1
            overlap = np.minimum(corners[best, 2:], corners[rest, 2:]) - np.maximum(corners[best, :2], corners[rest, :2])
            shared = np.clip(overlap, 0, None).prod(1)
            area = (corners[rest, 2:] - corners[rest, :2]).prod(1)
            rest = rest[shared <= IOU * (area + (corners[best, 2:] - corners[best, :2]).prod() - shared)]
    kept = np.array(kept, int)
    return kept[np.argsort(-scores[kept], kind="stable")][:MOST_BOXES], corners


def read_image(path, decoder):
    """The picture as RGB: Pillow's libjpeg, or FFmpeg, as the program reads it."""
    import numpy as np
    from PIL import Image

    if decoder == "pillow":
        return np.asarray(Image.open(path).convert("RGB"))
    command = ["ffmpeg", "-v", "error", "-i", path, "-sws_flags", "bilinear+accurate_rnd+full_chroma_int",
               "-pix_fmt", "rgb24", "-f", "image2pipe", "-c:v", "ppm", "-"]
    return np.asarray(Image.open(io.BytesIO(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)))


def brighter(tensor, seed, is_yolox):
    """The input with a hundredth of its values a level higher."""
    import numpy as np

    top, level = (255, np.float32(1)) if is_yolox else (1, np.float32(1) / 255)
    chosen = (np.random.default_rng(seed).random(tensor.shape) < 0.01) & (tensor < top)
    return np.where(chosen, tensor + level, tensor)


def reference(model, folder, images, categories, threads, decoder, saccade, drawings):
    """Results with the best class of each anchor, with every class, and for each of the drawings with the best again."""
    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    feed = session.get_inputs()[0]
    size = feed.shape[2] if isinstance(feed.shape[2], int) else 640
    is_yolox = "yolox" in os.path.basename(model)
    results = [[] for _ in range(2 + drawings)]
    for entry in images:
        path = os.path.join(folder, entry["file_name"])
        tensor = (own_input(saccade, model, path) if decoder == "saccade"
                  else letterbox(read_image(path, decoder), size, is_yolox))
        scale, x, y, _ = placed(entry["width"], entry["height"], size, is_yolox)
        found = []
        for drawing in range(drawings + 1):
            changed = brighter(tensor, drawing, is_yolox) if drawing else tensor
            boxes, scores = decode(session.run(None, {feed.name: changed})[0], size, is_yolox)
            rows = np.nonzero(scores.max(1) > CONFIDENCE)[0]
            found.append((boxes, scores, rows, scores.argmax(1)[rows]))
            if not drawing:
                found.append((boxes, scores, *np.nonzero(scores > CONFIDENCE)))
        for result, (boxes, scores, anchors, classes) in zip(results, found, strict=True):
            values = scores[anchors, classes]
            kept, corners = suppress(boxes[anchors], values, classes)
            corners = (corners - [x, y, x, y]) / scale
            corners = np.clip(corners, 0, [entry["width"], entry["height"]] * 2)
            for index in kept:
                left, top, right, bottom = (float(edge) for edge in corners[index])
                result.append({"image_id": entry["id"], "category_id": categories[classes[index]],
                               "bbox": [left, top, right - left, bottom - top], "score": float(values[index])})
    return results


def average_precision(truth, results):
    """AP and AP50 in points."""
    from pycocotools.cocoeval import COCOeval

    if not results:
        return 0.0, 0.0
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(truth, truth.loadRes(results), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return 100 * evaluation.stats[0], 100 * evaluation.stats[1]


def detect(saccade, model, folder, threads, kept, *options):
    """The program's results on the images that are kept."""
    with tempfile.TemporaryDirectory() as scratch:
        results = os.path.join(scratch, "results.json")
        command = [os.path.abspath(saccade), "detect", folder, "--model", os.path.abspath(model),
                   "--save-coco", results, "--conf", str(CONFIDENCE), "--iou", str(IOU),
                   "--max-det", str(MOST_BOXES), "--threads", str(threads), *options]
        subprocess.run(command, cwd=scratch, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
        with open(results, encoding="utf-8") as file:
            return [one for one in json.load(file) if one["image_id"] in kept]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saccade", help="the program")
    parser.add_argument("--data", default=os.environ.get("SACCADE_DATA"), help="holds coco/val, coco/instances_val.json, models/")
    parser.add_argument("--models", nargs="+", default=["yolov8n", "yolo11n", "yolo26n", "yolov5n", "yolox_nano"])
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--tolerance", type=float, default=0.3, help="points of AP")
    parser.add_argument("--limit", type=int, help="only the first images, for a trial")
    parser.add_argument("--decoder", choices=["pillow", "ffmpeg", "saccade"], default="pillow",
                        help="what reads the pictures for the reference; FFmpeg is what the program uses")
    parser.add_argument("--square", action="store_true", help="leave the picture's own shape out")
    parser.add_argument("--brighter", type=int, default=0, metavar="N", help="drawings of changed inputs")
    parser.add_argument("--reference-only", action="store_true")
    arguments = parser.parse_args()
    if not arguments.data:
        parser.error("--data or SACCADE_DATA is needed")
    if not arguments.saccade and not (arguments.reference_only and arguments.decoder != "saccade"):
        parser.error("--saccade is needed")
    from pycocotools.coco import COCO

    folder = os.path.abspath(os.path.join(arguments.data, "coco", "val"))
    with open(os.path.join(arguments.data, "coco", "instances_val.json"), encoding="utf-8") as file:
        annotations = json.load(file)
    annotations["images"] = annotations["images"][:arguments.limit]
    kept = {image["id"] for image in annotations["images"]}
    annotations["annotations"] = [one for one in annotations["annotations"] if one["image_id"] in kept]
    categories = sorted(category["id"] for category in annotations["categories"])
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = annotations
        truth.createIndex()

    worst = 0.0
    print(f"{len(kept)} images               saccade       ONNX Runtime    difference   every class    own shape")
    print("model                   AP   AP50      AP   AP50            AP     AP   AP50     AP   AP50")
    for name in arguments.models:
        model = name if name.endswith(".onnx") else os.path.join(arguments.data, "models", name + ".onnx")
        best, every, *changed = reference(
            model, folder, annotations["images"], categories, arguments.threads, arguments.decoder, arguments.saccade,
            arguments.brighter)
        theirs, validated = average_precision(truth, best), average_precision(truth, every)
        ours, shaped, difference = None, None, None
        if not arguments.reference_only:
            found = [detect(arguments.saccade, model, folder, arguments.threads, kept, *options)
                     for options in ([["--square"]] if arguments.square else [["--square"], []])]
            ours, *more = (average_precision(truth, one) for one in found)
            difference = ours[0] - theirs[0]
            shaped = more[0] if more else None
            worst = max(worst, abs(difference), ours[0] - shaped[0] if shaped else 0.0)
        shown = f"{ours[0]:6.2f} {ours[1]:6.2f}" if ours else f"{'':13s}"
        delta = f"{difference:+12.2f}" if ours else f"{'':12s}"
        print(f"{os.path.basename(name):18s} {shown}  {theirs[0]:6.2f} {theirs[1]:6.2f}  {delta}  "
              f"{validated[0]:6.2f} {validated[1]:6.2f}  "
              + (f"{shaped[0]:6.2f} {shaped[1]:6.2f}" if shaped else ""), flush=True)
        if changed:
            print("  brighter:", *(f"{average_precision(truth, one)[0]:.2f}" for one in changed), flush=True)
    return 1 if worst > arguments.tolerance else 0


if __name__ == "__main__":
    sys.exit(main())
