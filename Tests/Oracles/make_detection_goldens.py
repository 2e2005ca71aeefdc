"""Builds the golden losses of detectors: what train_detector.py's assignment and losses give, in PyTorch.

    python3 Tests/Oracles/make_detection_goldens.py

writes Tests/LabTests/Goldens/detection.json, a list of cases on a square of 64 pixels (84 cells), with 3 classes and 8 bins:

    name
    maps        by the names of the model's values: N×C×h×w, little-endian bytes in base64.
    labels      N×M×6: class (−1: nothing is known, −2: no object), corners, weight.
    taught      absent, or N×84×3 probabilities of a teacher; taughtBoxes N×84×4.
    owner       N×84: the object that each cell learns, −1: none.
    scores      N×84: what it should give.
    classes, boxes, distances, loss      the parts with the teacher's, and their weighted sum.
    gradients   of the loss by the maps.

Needs numpy, onnx and torch. A second run writes the same bytes.
"""

import argparse
import base64
import json
import pathlib

import numpy as np
import torch

import train_detector as recipe

PATH = pathlib.Path(__file__).resolve().parent.parent / "LabTests" / "Goldens" / "detection.json"
CLASSES, BINS, SIZE = 3, 8, 64


def encode(tensor):
    return base64.b64encode(np.ascontiguousarray(tensor.detach().numpy(), dtype="<f4").tobytes()).decode()


def case(name, seed, labels, is_taught):
    random = torch.Generator().manual_seed(seed)
    options = argparse.Namespace(class_gain=0.5, box_gain=4.0, distance_gain=1.0, teaching=0.7)
    points, strides = recipe.cells(SIZE, "cpu")
    count = len(labels)
    maps = {}
    for kind, channels in (("classes", CLASSES), ("boxes", 4 * BINS)):
        for stride in recipe.STRIDES:
            side = SIZE // stride
            maps[f"head.stride{stride}.{kind}"] = torch.randn(
                count, channels, side, side, generator=random).requires_grad_()
    flat = lambda kind: torch.cat([maps[f"head.stride{s}.{kind}"].flatten(2) for s in recipe.STRIDES], 2)
    scores = flat("classes").transpose(1, 2)
    distances = flat("boxes").transpose(1, 2).unflatten(2, (4, -1))
    teaching = None
    if is_taught:
        taught = torch.rand(count, len(points), CLASSES, generator=random) ** 3
        half = 4 + 20 * torch.rand(count, len(points), 2, generator=random)
        teaching = (taught, torch.cat([points - half, points + half], -1))
    most = max(map(len, labels))
    table = torch.full((count, most, 6), 0.0)
    table[..., 0] = -2
    for row, own in zip(table, labels):
        for place, values in enumerate(own):
            row[place] = torch.tensor(values)
    boxes = recipe.corners(distances, points, strides)
    owner, aligned = recipe.assign(scores.sigmoid(), boxes, recipe.centres_inside(points, table), table)
    weight = table.gather(1, owner.clamp(min=0)[..., None].expand(-1, -1, 6))[..., 5]
    loss, parts = recipe.losses((scores, distances), table, points, strides, teaching, options)
    loss.backward()
    t = options.teaching
    result = {
        "name": name, "maps": {key: encode(value) for key, value in maps.items()},
        "labels": {"shape": list(table.shape), "data": encode(table)}, "teaching": t,
        "owner": owner.flatten().tolist(), "scores": encode(aligned * weight * (owner >= 0)),
        "classes": float(parts["classes"] + t * parts.get("taughtClasses", 0)),
        "boxes": float(parts["boxes"] + t * parts.get("taughtBoxes", 0)),
        "distances": float(parts["distances"]), "loss": float(loss),
        "gradients": {key: encode(value.grad) for key, value in maps.items()},
    }
    if teaching:
        result["taught"], result["taughtBoxes"] = map(encode, teaching)
    return result


def main():
    torch.set_num_threads(1)
    labels = [
        [[0, 3, 5, 40, 50, 1], [1, 30, 28, 63, 61, 0.6], [2, 10, 12, 22, 20, 1], [-1, 0, 40, 30, 64, 0]],
        [[1, 8, 8, 60, 60, 1], [1, 12, 10, 58, 56, 1], [0, 50, 2, 56, 9, 0.8]],
    ]
    cases = [case("objects that overlap, and a place of which nothing is known", 1, labels, False),
             case("with a teacher", 2, labels, True),
             case("no objects at all", 3, [[], [[-1, 10, 10, 30, 30, 0]]], True)]
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(json.dumps(cases, indent=1) + "\n")
    print(PATH, PATH.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
