#!/usr/bin/env python3
"""Makes Tests/Oracles/model-goldens: what ONNX Runtime computes for five models on three photos.

    SACCADE_DATA=... python3 Tests/Oracles/make_model_goldens.py

Needs onnxruntime, numpy and Pillow. The input of a test must be the same without Python, so the photos are committed as
<photo>.rgb: SIDE x SIDE pixels of three bytes (R, G, B), the whole photo resized without regard to its proportions.
A model's input of N x N pixels repeats them: pixel (y, x) is pixel (y * SIDE // N, x * SIDE // N). Values are
divided by 255, except for YOLOX, which takes B, G, R from 0 to 255.

<model>-<photo>.golden holds part of the output, little-endian: int32 count, then `count` int32 flat indices into the
output, then `count` float32 values. The part is all of the ROWS boxes of highest score, and every element at a multiple
of a stride that gives about SAMPLES of them.
"""

import os
import pathlib

import numpy
import onnxruntime
from PIL import Image

SIDE = 320
ROWS = 24
SAMPLES = 400
PHOTOS = ["bus", "dog", "zidane"]
MODELS = ["yolov8n", "yolo11n", "yolo26n", "yolov5n", "yolox_nano"]


def model_input(model, pixels, extent):
    at = numpy.arange(extent) * SIDE // extent
    image = pixels[at][:, at].astype(numpy.float32)
    if model.startswith("yolox"):
        image = image[:, :, ::-1]
    else:
        image = image / numpy.float32(255)
    return numpy.ascontiguousarray(image.transpose(2, 0, 1)[None])


def chosen_indices(model, output):
    flat = numpy.arange(output.size).reshape(output.shape)[0]
    rows, values = (flat, output[0]) if output.shape[1] > output.shape[2] else (flat.T, output[0].T)
    if values.shape[1] == 85:
        score = values[:, 4] * values[:, 5:].max(axis=1)
    else:
        score = values[:, 4:].max(axis=1)
    best = rows[numpy.argsort(-score, kind="stable")[:ROWS]].ravel()
    return numpy.union1d(best, numpy.arange(0, output.size, output.size // SAMPLES)), score.max()


def main():
    data = pathlib.Path(os.environ["SACCADE_DATA"])
    goldens = pathlib.Path(__file__).parent / "model-goldens"
    goldens.mkdir(exist_ok=True)
    photos = {}
    for photo in PHOTOS:
        image = Image.open(data / "photos" / f"{photo}.jpg").convert("RGB").resize((SIDE, SIDE), Image.BILINEAR)
        photos[photo] = numpy.asarray(image)
        (goldens / f"{photo}.rgb").write_bytes(photos[photo].tobytes())
    for model in MODELS:
        session = onnxruntime.InferenceSession(
            str(data / "models" / f"{model}.onnx"), providers=["CPUExecutionProvider"])
        extent = session.get_inputs()[0].shape[2]
        for photo, pixels in photos.items():
            feed = {session.get_inputs()[0].name: model_input(model, pixels, extent)}
            output = session.run(None, feed)[0]
            indices, best = chosen_indices(model, output)
            values = output.ravel()[indices].astype("<f4")
            print(f"{model}-{photo}: output {output.shape}, {len(indices)} elements, best score {best:.3f}")
            (goldens / f"{model}-{photo}.golden").write_bytes(
                numpy.int32(len(indices)).astype("<i4").tobytes() + indices.astype("<i4").tobytes()
                + values.tobytes())


if __name__ == "__main__":
    main()
