#!/usr/bin/env python3
"""Whether `saccade train detector` follows the recipe in PyTorch: both from the same first weights on the same pictures.

    compare_detector_training.py --saccade BINARY --data FOLDER --folder runs/compare [--python venv/bin/python]

FOLDER is a YOLO data set with classes.txt and val.txt, as pack_detector_data.py writes it. Some of its pictures are trained on
for some epochs at a small size; what is random (order, mosaics, colours) differs, so the curves are alike and not equal. Prints
the mean loss and the AP50 after each epoch of both, and the ratio of the losses.

--python has torch, torchvision, onnx and opencv.
"""
import argparse
import csv
import json
import math
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def subset(data, folder, training, validation):
    """Links to some of the pictures with their labels."""
    with open(os.path.join(data, "val.txt")) as file:
        apart = file.read().split()
    names = sorted(name[:-4] for name in os.listdir(os.path.join(data, "images")))
    rest = [name for name in names if name not in set(apart)]
    chosen = rest[:: max(len(rest) // training, 1)][:training]
    kept = apart[:: max(len(apart) // validation, 1)][:validation]
    for part, ending in (("images", "jpg"), ("labels", "txt"), ("ignore", "txt")):
        os.makedirs(os.path.join(folder, part), exist_ok=True)
        for name in chosen + kept:
            source = os.path.realpath(os.path.join(data, part, f"{name}.{ending}"))
            target = os.path.join(folder, part, f"{name}.{ending}")
            if os.path.exists(source) and not os.path.lexists(target):
                os.symlink(source, target)
    with open(os.path.join(folder, "val.txt"), "w") as file:
        file.write("\n".join(kept) + "\n")
    with open(os.path.join(data, "classes.txt")) as source, open(os.path.join(folder, "classes.txt"), "w") as target:
        target.write(source.read())
    with open(os.path.join(folder, "SOURCES.tsv"), "w") as file:
        file.write("id\tsource\tlabel_kind\n" + "".join(f"{name}\tsubset\tgt\n" for name in chosen + kept))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saccade", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--pictures", type=int, default=512)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--side", type=int, default=160)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--from-model", help="first weights; otherwise new ones")
    options = parser.parse_args()
    folder, batch = options.folder, 16
    data = os.path.join(folder, "data")
    subset(options.data, data, options.pictures // batch * batch, 64)
    with open(os.path.join(folder, "recipe.json"), "w") as file:
        json.dump({"epochs": options.epochs, "batch": batch, "side": options.side, "sides": [options.side],
                   "rate": options.rate, "warmupSteps": 32, "closing": 0.25, "averageDecay": 0.99}, file)
    first = options.from_model
    if not first:
        subprocess.run([options.saccade, "train", "detector", "--epochs", "0", "--imgsz", str(options.side), "--data", data,
                        "--out", os.path.join(folder, "first")], check=True)
        first = os.path.join(folder, "first", "model.onnx")
    own = os.path.join(folder, "saccade")
    subprocess.run([options.saccade, "train", "detector", "--data", data, "--out", own, "--from", first, "--recipe",
                    os.path.join(folder, "recipe.json")], check=True, stdout=subprocess.DEVNULL)
    pack = os.path.join(folder, "pack.npz")
    subprocess.run([options.python, os.path.join(HERE, "pack_detector_data.py"), "--data", data, "--out", pack], check=True)
    other = os.path.join(folder, "pytorch")
    steps = options.pictures // batch
    subprocess.run([options.python, os.path.join(HERE, "train_detector.py"), "--model", first, "--pack", pack, "--out", other,
                    "--batch", str(batch), "--epochs", str(options.epochs), "--size", str(options.side), "--sizes",
                    str(options.side), "--rate", str(options.rate), "--warm-up", "32", "--closing", "0.25", "--average",
                    "0.99", "--validate-every", str(steps)], check=True, stdout=subprocess.DEVNULL)
    with open(os.path.join(own, "log.csv"), newline="") as file:
        left = [(float(row["train_loss"]), float(row["AP50"])) for row in csv.DictReader(file)]
    with open(os.path.join(other, "log.csv"), newline="") as file:
        right = []
        for row in csv.reader(file):
            found = [float(value) for value in row[4:] if not math.isnan(float(value))]
            right.append((float(row[3]), sum(found) / len(found)))
    print("| epoch | loss, Saccade | loss, PyTorch | ratio | AP50, Saccade | AP50, PyTorch |")
    print("|---|---|---|---|---|---|")
    for epoch, ((a, ap), (b, bp)) in enumerate(zip(left, right), 1):
        print(f"| {epoch} | {a:.3f} | {b:.3f} | {a / b:.3f} | {100 * ap:.1f} | {100 * bp:.1f} |")


if __name__ == "__main__":
    main()
