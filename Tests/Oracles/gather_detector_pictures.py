#!/usr/bin/env python3
"""More pictures for the detector's training, from folders of pictures, in the form that `pack_detector_data.py` reads.

    gather_detector_pictures.py --pictures found --every campus=2 street=2 --apart coco/val trainset/images --out more

FOUND holds a folder a source and SOURCES.tsv (path, repo, licence; path = source/picture). Of each source every picture is
taken, or every n-th (--every). The long side becomes 320 pixels at most. Left out is what looks like a picture of the
folders --apart or their mirrors, or like one that was taken before: of the 240 signs of the differences between neighbours
in a grey 17×16 copy at most 12 (--apart) or 8 (before) differ. (Difference hashes after Krawetz, "Kind of like that", 2013.)

OUT gets images/, empty labels/ and ignore/, val.txt without a name, and SOURCES.tsv (id, source, path, licence,
label_kind = pseudo). The labels are then the labeller's alone: pack_detector_data.py --data OUT --labeller model.onnx.
"""
import argparse
import csv
import glob
import os

import numpy as np


def signs(image):
    """The signs of a picture and of its mirror: 2×240."""
    import cv2

    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    small = [cv2.resize(view, (17, 16), interpolation=cv2.INTER_AREA).astype(int) for view in (grey, grey[:, ::-1])]
    return np.array([(view[:, 1:] > view[:, :-1]).ravel() for view in small])


def looks_like(image_signs, others, most):
    return len(others) > 0 and min((others != view).sum(1).min() for view in image_signs) <= most


def main():
    import cv2

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", required=True)
    parser.add_argument("--every", nargs="*", default=[], help="source=n")
    parser.add_argument("--apart", nargs="*", default=[])
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    every = {name: int(count) for name, count in (entry.split("=") for entry in options.every)}
    files = [file for folder in options.apart for file in sorted(glob.glob(os.path.join(folder, "*")))]
    apart = np.array([signs(cv2.imread(file))[0] for file in files])
    for part in ("images", "labels", "ignore"):
        os.makedirs(os.path.join(options.out, part), exist_ok=True)
    with open(os.path.join(options.pictures, "SOURCES.tsv"), newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    seen, taken, own, left = {}, [], [], {"apart": 0, "twice": 0, "unreadable": 0}
    for row in rows:
        source = row["path"].split("/", 1)[0]
        seen[source] = seen.get(source, -1) + 1
        if seen[source] % every.get(source, 1):
            continue
        image = cv2.imread(os.path.join(options.pictures, row["path"]))
        if image is None:
            left["unreadable"] += 1
            continue
        look = signs(image)
        if looks_like(look, apart, 12):
            left["apart"] += 1
        elif looks_like(look, np.array(own), 8):
            left["twice"] += 1
        else:
            own.append(look[0])
            height, width = image.shape[:2]
            scale = 320 / max(height, width)
            if scale < 1:
                size = (round(width * scale), round(height * scale))
                image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
            name = f"m{len(taken):05d}"
            cv2.imwrite(os.path.join(options.out, "images", name + ".jpg"), image, [cv2.IMWRITE_JPEG_QUALITY, 86])
            taken.append((name, source, row["repo"], row["licence"], "pseudo"))
    with open(os.path.join(options.out, "SOURCES.tsv"), "w") as file:
        file.write("\n".join("\t".join(line) for line in [("id", "source", "path", "licence", "label_kind")] + taken) + "\n")
    open(os.path.join(options.out, "val.txt"), "w").close()
    print(len(taken), "pictures;", ", ".join(f"{count} {reason}" for reason, count in left.items()))


if __name__ == "__main__":
    main()
