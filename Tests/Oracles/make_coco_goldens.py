#!/usr/bin/env python3
"""Writes Tests/EvaluationTests/Goldens: small ground truths and results, and what pycocotools makes of them.

    pip install numpy pycocotools
    SACCADE_DATA=... python3 Tests/Oracles/make_coco_goldens.py

Each file is one case: `gt` (COCO instances), `dt` (COCO results), `stats` (the twelve figures), and for each category,
by ascending id, `ap`, `ap50` and `ar100`; -1 where there is no object. `thresholds` and `recalls` are the exact numbers
that pycocotools uses. `precision50` is the interpolated precision over recall at an overlap of 0.5.

`val.json` holds only the figures. Its ground truth is $SACCADE_DATA/coco/instances_val.json, and its results are derived
from that by `derive`, which Tests/EvaluationTests/DerivedResults.swift repeats number by number. Without SACCADE_DATA
it is left as it is.
"""
import contextlib
import copy
import io
import json
import os
import pathlib

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

FOLDER = pathlib.Path(__file__).parent.parent / "EvaluationTests" / "Goldens"
MASK = (1 << 64) - 1


def uniform(*counters):
    """A number from 0 to 1 for a tuple of counters (the mixing function of SplitMix64, folded over the counters)."""
    state = 0
    for counter in counters:
        state = (state + counter + 0x9E3779B97F4A7C15) & MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & MASK
        state ^= state >> 31
    return (state >> 11) * 2.0 ** -53


def derive(truth, seed):
    """Results for a ground truth: its boxes moved, some twice, some of another category, some missing, and boxes at
    random. Scores have two decimals, so that many are equal."""
    categories = sorted(category["id"] for category in truth["categories"])
    results = []
    for index, annotation in enumerate(truth["annotations"]):
        x, y, w, h = annotation["bbox"]
        for copy_ in range(3):
            def u(k):
                return uniform(seed, index, copy_, k)
            if u(0) < (0.2, 0.6, 0.8)[copy_]:
                continue
            spread = 0.4 * u(1)
            category = annotation["category_id"]
            if u(2) < 0.15:
                category = categories[int(u(3) * len(categories))]
            box = [x + (u(4) - 0.5) * spread * w, y + (u(5) - 0.5) * spread * h,
                   w * (1 + (u(6) - 0.5) * spread), h * (1 + (u(7) - 0.5) * spread)]
            results.append({"image_id": annotation["image_id"], "category_id": category, "bbox": box,
                            "score": int((1 - spread) * u(8) * 100) / 100})
    for index, image in enumerate(truth["images"]):
        for number in range(20):
            def u(k):
                return uniform(seed, 1_000_000 + index, number, k)
            results.append({"image_id": image["id"], "category_id": categories[int(u(0) * u(0) * len(categories))],
                            "bbox": [u(1) * image["width"], u(2) * image["height"], 1 + u(3) * 200, 1 + u(4) * 200],
                            "score": int(u(5) * u(5) * 100) / 100})
    return results


def evaluate(truth, results):
    with contextlib.redirect_stdout(io.StringIO()):
        gt = COCO()
        gt.dataset = copy.deepcopy(truth)
        gt.createIndex()
        if results:
            dt = gt.loadRes(copy.deepcopy(results))
        else:
            # loadRes cannot read an empty list.
            dt = COCO()
            dt.dataset = {"images": truth["images"], "categories": truth["categories"], "annotations": []}
            dt.createIndex()
        evaluation = COCOeval(gt, dt, "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    precision, recall = evaluation.eval["precision"][:, :, :, 0, 2], evaluation.eval["recall"][:, :, 0, 2]
    columns = range(len(truth["categories"]))
    return evaluation, {
        "stats": [float(value) for value in evaluation.stats],
        "ap": [float(precision[:, :, k].mean()) for k in columns],
        "ap50": [float(precision[0, :, k].mean()) for k in columns],
        "ar100": [float(recall[:, k].mean()) for k in columns],
    }


class Case:
    """A ground truth and results under construction. Category ids have gaps, image ids stand in no order."""

    def __init__(self, images=3, categories=(3, 7, 11)):
        ids = [41, 5, 17, 100, 2, 63, 64, 65][:images]
        self.truth = {
            "images": [{"id": id_, "width": 640, "height": 480, "file_name": f"{id_}.jpg"} for id_ in ids],
            "categories": [{"id": id_, "name": f"kind {id_}"} for id_ in reversed(categories)],
            "annotations": []}
        self.results = []

    def object(self, image, category, box, area=None, **more):
        self.truth["annotations"].append(
            {"id": 1000 - len(self.truth["annotations"]), "image_id": image, "category_id": category, "bbox": box,
             "area": box[2] * box[3] if area is None else area, "iscrowd": 0, **more})

    def found(self, image, category, box, score):
        self.results.append({"image_id": image, "category_id": category, "bbox": box, "score": score})


def crowds():
    case = Case()
    case.object(5, 3, [100, 100, 200, 200], iscrowd=1)
    case.object(5, 3, [120, 120, 40, 40])
    case.object(5, 3, [400, 100, 50, 80])
    case.object(17, 3, [10, 10, 300, 300], iscrowd=1)
    case.object(41, 7, [50, 50, 100, 100], ignore=1)  # `ignore` alone has no say
    case.object(41, 11, [0, 0, 640, 480], iscrowd=1)  # a class of crowds only
    for number in range(6):
        case.found(5, 3, [105 + 30 * number, 130, 38, 38], 0.9 - 0.1 * number)
    case.found(5, 3, [402, 104, 50, 80], 0.35)
    case.found(5, 3, [90, 90, 220, 220], 0.95)
    for number in range(4):
        case.found(17, 3, [20 + 60 * number, 40, 50, 50], 0.7)
    case.found(17, 3, [250, 250, 200, 200], 0.6)
    case.found(41, 7, [52, 51, 100, 100], 0.8)
    case.found(41, 11, [200, 200, 50, 50], 0.5)
    return case


def ties():
    """Equal scores within an image, across images, and two objects that a box overlaps equally."""
    case = Case(images=5)
    for image in (41, 5, 17, 100, 2):
        case.object(image, 3, [100, 100, 100, 100])
        case.object(image, 3, [140, 100, 100, 100])
        case.found(image, 3, [120, 100, 100, 100], 0.5)
        case.found(image, 3, [100, 100, 100, 100], 0.5)
        case.found(image, 3, [300, 300, 30, 30], 0.5)
        case.found(image, 3, [140, 104, 100, 100], 0.5)
    case.found(2, 7, [10, 10, 20, 20], 0.5)
    case.object(2, 7, [10, 10, 20, 20])
    case.object(5, 7, [10, 10, 20, 20])
    case.found(5, 7, [15, 15, 20, 20], 0.5)
    case.found(5, 7, [10, 10, 20, 20], 0.5)
    return case


def empty():
    """Images without objects, images without anything, a class without objects, a class without detections."""
    case = Case(images=8, categories=(1, 2, 3, 90))
    case.object(5, 1, [10, 10, 50, 60])
    case.object(63, 2, [100, 10, 250, 160])
    case.found(5, 1, [11, 10, 50, 60], 0.4)
    case.found(41, 1, [11, 10, 50, 60], 0.6)
    case.found(17, 90, [11, 10, 50, 60], 0.9)
    case.found(17, 1234, [11, 10, 50, 60], 0.9)  # a category that the ground truth lacks
    return case


def no_detections():
    case = Case()
    case.object(5, 3, [10, 10, 50, 60])
    return case


def no_objects():
    case = Case()
    case.found(5, 3, [10, 10, 50, 60], 0.9)
    return case


def sizes():
    """Areas on the borders of the ranges, areas that are not those of the boxes, boxes without extent."""
    case = Case()
    for number, side in enumerate((8, 31.9, 32, 32.1, 60, 95.9, 96, 96.1, 150)):
        box = [10 + 60 * number, 10 + 30 * number, side, side]
        for image in (5, 17):
            case.object(image, 3, box, area=None if image == 5 else 0.7 * side * side)
            case.found(image, 3, [box[0] + 1, box[1], side, side * 1.03], 0.95 - 0.07 * number)
            case.found(image, 3, [box[0] + 0.3 * side, box[1] + 200, side, side], 0.9 - 0.08 * number)
    case.object(41, 3, [10, 10, 0, 0])
    case.found(41, 3, [10, 10, 0, 0], 0.5)
    case.found(41, 3, [50, 50, -5, 20], 0.6)
    case.found(41, 3, [50, 50, -5, -20], 0.6)
    case.object(41, 7, [10, 10, 700000, 700000])
    case.found(41, 7, [10, 10, 700000, 700000], 0.3)
    return case


def many():
    """More than a hundred detections of an image and class, the right ones late, and of equal score."""
    case = Case()
    for number in range(12):
        case.object(5, 3, [30 * number, 10, 28, 40])
    for number in range(125):
        case.found(5, 3, [3 * number, 12, 28, 40], round(0.9 - 0.007 * (number // 2), 3))
        if number % 3 == 0:
            case.found(17, 3, [3 * number, 12, 28, 40], 0.5)
    for number in range(12):
        case.found(5, 3, [30 * number, 10, 28, 40], round(0.5 + 0.01 * number, 2))
    return case


def mixed():
    case = Case(images=8)
    for index, image in enumerate(case.truth["images"]):
        for number in range(int(uniform(1, index) * 7)):
            def u(k):
                return uniform(2, index, number, k)
            side = (20, 60, 160)[int(u(0) * 3)]
            box = [round(u(1) * 400, 1), round(u(2) * 300, 1), round(side * (0.5 + u(3)), 1),
                   round(side * (0.5 + u(4)), 1)]
            case.object(image["id"], (3, 3, 7, 11)[int(u(5) * 4)], box, area=round(box[2] * box[3] * 0.8, 1),
                        iscrowd=int(u(6) < 0.1))
    for result in derive(case.truth, 7):
        if uniform(9, len(case.results)) < 0.8 or result["score"] > 0.2:
            box = [round(value, 1) for value in result["bbox"]]
            case.found(result["image_id"], result["category_id"], box, result["score"])
    return case


def write(name, content):
    def line(key, value):
        if key in ("gt", "dt"):
            return json.dumps(value, separators=(",", ":")).replace("},{", "},\n{")
        return json.dumps(value)
    body = ",\n".join(f'"{key}": {line(key, value)}' for key, value in content.items())
    (FOLDER / name).write_text("{" + body + "}\n", encoding="utf-8")


def main():
    FOLDER.mkdir(exist_ok=True)
    for make in (crowds, ties, empty, no_detections, no_objects, sizes, many, mixed):
        case = make()
        evaluation, figures = evaluate(case.truth, case.results)
        content = {"gt": case.truth, "dt": case.results, **figures}
        if make is mixed:
            content["thresholds"] = evaluation.params.iouThrs.tolist()
            content["recalls"] = evaluation.params.recThrs.tolist()
            content["precision50"] = evaluation.eval["precision"][0, :, :, 0, 2].T.tolist()
        write(make.__name__ + ".json", content)
        print(f"{make.__name__:14s}", " ".join(f"{value:6.3f}" for value in figures["stats"]))
    data = os.environ.get("SACCADE_DATA")
    if not data:
        return
    truth = json.loads(pathlib.Path(data, "coco", "instances_val.json").read_text(encoding="utf-8"))
    results = derive(truth, 2026)
    _, figures = evaluate(truth, results)
    digest = sum(result["score"] + sum(result["bbox"]) for result in results)
    write("val.json", {"count": len(results), "sum": digest, **figures})
    print(f"{'val':14s}", " ".join(f"{value:6.3f}" for value in figures["stats"]), len(results))


if __name__ == "__main__":
    main()
