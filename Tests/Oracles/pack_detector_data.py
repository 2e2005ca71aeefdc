#!/usr/bin/env python3
"""The data that the weights are trained on: a YOLO data set without some sources, its labels completed by a second detector.

    pack_detector_data.py --data trainset more --drop tud_pairs camvid --labeller deimv2.onnx --out train.npz --folder data

DATA are one or several folders, no two with a picture of the same name. Each holds images/, labels/ (class cx cy w h,
normalised), ignore/ (the same form), val.txt (the names kept apart) and SOURCES.tsv (id, source, …, label_kind). Pictures
of the sources --drop are left out.

The labeller is a DETR-like ONNX model with the inputs "images" (N×3×416×416, RGB in 0…1, stretched) and
"orig_target_sizes", and the outputs labels (COCO's 80), boxes and scores, such as DEIMv2 (Apache-2.0). It sees every
picture of the training part and its mirror. Then
- a label that it finds too (IoU 0.5) lies between the two boxes, and takes its class when that is another vehicle with a
  score of 0.6 or more; a label that it does not find keeps its place with the confidence 0.8 (1 if people drew it);
- what it finds with 0.4 or more (0.3 where the data set is not sure) and no label names becomes one, with its score as the
  confidence; what it finds with 0.2 or more becomes a box of which nothing is known.
The validation part is left as it is.

FOLDER is for `saccade train detector`: links to the pictures, labels with confidences, ignore, val.txt, classes.txt. OUT is for
train_detector.py: one file with bytes (the pictures' files, one behind the other), boxes (class or −1 for "ignore", x1, y1, x2, y2 in pixels,
confidence) and index (first byte, length, first and last box, 1 for validation).
"""
import argparse
import csv
import json
import os

import numpy as np

CLASSES = ["person", "bicycle", "car", "motorcycle", "bus", "truck"]
SIX_OF_COCO = {0: 0, 1: 1, 2: 2, 3: 3, 5: 4, 7: 5}


def rows(path):
    """class, cx, cy, w, h, confidence (1 where the file has none)."""
    if not os.path.exists(path):
        return np.zeros((0, 6))
    with open(path) as file:
        lines = [[float(field) for field in line.split()] for line in file if line.strip()]
    return np.array([(line + [1.0])[:6] for line in lines]).reshape(-1, 6)


def corners(boxes):
    return np.concatenate([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], 1)


def overlap(a, b):
    low, high = np.maximum(a[:, None, :2], b[None, :, :2]), np.minimum(a[:, None, 2:], b[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(-1)
    area = lambda z: (z[:, 2:] - z[:, :2]).prod(-1)
    return common / np.maximum(area(a)[:, None] + area(b)[None] - common, 1e-9)


def label(model, folders):
    """What the model finds in each picture and its mirror: class, score, cx, cy, w, h, view. `folders` are the data's, by
    the pictures' names."""
    import cv2
    import onnxruntime

    session = onnxruntime.InferenceSession(model)
    found = {}
    for name, folder in folders.items():
        image = cv2.imread(os.path.join(folder, "images", name + ".jpg"))[:, :, ::-1]
        tensor = cv2.resize(image, (416, 416)).astype(np.float32).transpose(2, 0, 1)[None] / 255
        found[name] = []
        for view in (0, 1):
            pixels = np.ascontiguousarray(tensor[:, :, :, ::-1] if view else tensor)
            result = session.run(None, {"images": pixels, "orig_target_sizes": np.ones((1, 2), np.int64)})
            for kind, (x1, y1, x2, y2), score in zip(*(part[0] for part in result)):
                if score > 0.08 and int(kind) in SIX_OF_COCO:
                    if view:
                        x1, x2 = 1 - x2, 1 - x1
                    found[name].append([SIX_OF_COCO[int(kind)], float(score), *map(float, (
                        (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1)), view])
    return found


def joined(found):
    """The findings of both views as one: class, score, corners. What one view alone sees counts half."""
    found = np.array(found, float).reshape(-1, 7)
    found = found[np.argsort(-found[:, 1], kind="stable")]
    boxes, free, result = corners(found[:, 2:6]), np.ones(len(found), bool), []
    for row in range(len(found)):
        if not free[row]:
            continue
        same = free & (found[:, 0] == found[row, 0]) & (overlap(boxes[row:row + 1], boxes)[0] > 0.6)
        other = np.flatnonzero(same & (found[:, 6] != found[row, 6]))
        free[same] = False
        if len(other):
            pair = [row, other[0]]
            result.append([found[row, 0], found[pair, 1].mean(), *boxes[pair].mean(0)])
        else:
            result.append([found[row, 0], found[row, 1] / 2, *boxes[row]])
    return np.array(result).reshape(-1, 6)


def complete(labels, ignored, found, drawn):
    """Labels and unknown boxes (class, corners, confidence) by what the labeller found."""
    boxes, unknown = corners(labels[:, 1:5]), corners(ignored[:, 1:5])
    result, used = [], np.zeros(len(found), bool)
    iou = overlap(boxes, found[:, 2:]) if len(found) else np.zeros((len(boxes), 0))
    for row, (kind, box, confidence) in enumerate(zip(labels[:, 0], boxes, labels[:, 5])):
        candidates = [k for k in np.flatnonzero((iou[row] > 0.5) & ~used)
                      if found[k, 0] == kind or (kind > 0 and found[k, 0] > 0)]
        if not candidates:
            result.append([kind, *box, confidence if drawn else 0.8 * confidence])
            continue
        best = max(candidates, key=lambda k: (iou[row, k], found[k, 1]))
        used |= (iou[row] > 0.5) & ((found[:, 0] == kind) | ((kind > 0) & (found[:, 0] > 0)))
        if not drawn:
            box = (box + found[best, 2:]) / 2
            if found[best, 0] != kind and found[best, 1] >= 0.6:
                kind = found[best, 0]
        result.append([kind, *box, 1.0])
    for kind, score, *box in found[~used]:
        box = np.array(box)
        doubt = len(unknown) and overlap(box[None], unknown).max() > 0.5
        taken = [b for b in result if b[0] >= 0 and overlap(box[None], np.array(b[1:5])[None])[0, 0] > 0.6]
        if taken:
            continue
        if not drawn and score >= (0.3 if doubt else 0.4):
            result.append([kind, *box, score])
        elif score >= 0.2:
            result.append([-1, *box, score])
    sure = np.array([b[1:5] for b in result if b[0] >= 0]).reshape(-1, 4)
    for box in unknown:
        if not len(sure) or overlap(box[None], sure).max() < 0.5:
            result.append([-1, *box, 0])
    return np.array(result, np.float32).reshape(-1, 6)


def write_folder(path, folders, apart, boxes, sizes):
    for part in ("images", "labels", "ignore"):
        os.makedirs(os.path.join(path, part), exist_ok=True)
    for (name, data), own, (width, height) in zip(folders.items(), boxes, sizes):
        link = os.path.join(path, "images", name + ".jpg")
        if not os.path.lexists(link):
            os.symlink(os.path.abspath(os.path.join(data, "images", name + ".jpg")), link)
        lines = {"labels": [], "ignore": []}
        for kind, x1, y1, x2, y2, confidence in own:
            x1, x2 = np.clip([x1, x2], 0, width) / width
            y1, y2 = np.clip([y1, y2], 0, height) / height
            if min(x2 - x1, y2 - y1) < 1e-3:
                continue
            text = f"{int(max(kind, 0))} {(x1 + x2) / 2:.5f} {(y1 + y2) / 2:.5f} {x2 - x1:.5f} {y2 - y1:.5f}"
            if kind >= 0 and confidence < 1:
                text += f" {confidence:.3f}"
            lines["labels" if kind >= 0 else "ignore"].append(text + "\n")
        for part, text in lines.items():
            with open(os.path.join(path, part, name + ".txt"), "w") as file:
                file.writelines(text)
    for file, text in (("val.txt", [name for name in folders if name in apart]), ("classes.txt", CLASSES)):
        with open(os.path.join(path, file), "w") as target:
            target.write("\n".join(text) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", required=True)
    parser.add_argument("--drop", nargs="*", default=[])
    parser.add_argument("--labeller")
    parser.add_argument("--found", help="a JSON file that keeps what the labeller found")
    parser.add_argument("--out")
    parser.add_argument("--folder")
    options = parser.parse_args()
    import cv2

    sources, apart, folders = {}, set(), {}
    for data in options.data:
        with open(os.path.join(data, "SOURCES.tsv"), newline="") as file:
            own = {row["id"]: row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}
        if twice := sources.keys() & own.keys():
            raise SystemExit(f"{len(twice)} pictures of {data} have the name of another one: {min(twice)}")
        sources.update(own)
        with open(os.path.join(data, "val.txt")) as file:
            apart.update(file.read().split())
        names = sorted(file[:-4] for file in os.listdir(os.path.join(data, "images")))
        folders.update({name: data for name in names if sources[name]["source"] not in options.drop})
    found = {}
    if options.found and os.path.exists(options.found):
        with open(options.found) as file:
            found = json.load(file)
    elif options.labeller:
        found = label(options.labeller, {name: data for name, data in folders.items() if name not in apart})
        if options.found:
            with open(options.found, "w") as file:
                json.dump(found, file)
    counts = {"labels": 0, "completed": 0, "ignored": 0}
    data, boxes, index, sizes = [], [], [], []
    for name, folder in folders.items():
        with open(os.path.join(folder, "images", name + ".jpg"), "rb") as file:
            content = file.read()
        height, width = cv2.imdecode(np.frombuffer(content, np.uint8), 1).shape[:2]
        labels = rows(os.path.join(folder, "labels", name + ".txt"))
        ignored = rows(os.path.join(folder, "ignore", name + ".txt"))
        seen = joined(found.get(name, [])) if name not in apart else np.zeros((0, 6))
        if name in apart:
            own = complete(labels, ignored, seen, True)
        else:
            own = complete(labels, ignored, seen, sources[name]["label_kind"] == "gt")
            counts["labels"] += len(labels)
            counts["completed"] += int((own[:, 0] >= 0).sum())
            counts["ignored"] += int((own[:, 0] < 0).sum())
        own[:, 1:5] *= [width, height, width, height]
        begin, first = (index[-1][0] + index[-1][1], index[-1][3]) if index else (0, 0)
        index.append([begin, len(content), first, first + len(own), int(name in apart)])
        data.append(content)
        boxes.append(own)
        sizes.append((width, height))
    if options.folder:
        write_folder(options.folder, folders, apart, boxes, sizes)
    if options.out:
        np.savez(options.out, bytes=np.frombuffer(b"".join(data), np.uint8), boxes=np.concatenate(boxes),
                 index=np.array(index))
    print(len(index), "pictures,", len(apart & folders.keys()), "of them for validation", counts)


if __name__ == "__main__":
    main()
