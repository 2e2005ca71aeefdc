#!/usr/bin/env python3
"""Makes Tests/EvaluationTests/Goldens/mot and mot17: small sequences with faults of every kind, as MOTChallenge text,
and TrackEval's figures for them; and assignments.json, what SciPy takes where totals are equal. Needs trackeval (1.3),
NumPy and SciPy.

With SACCADE_DATA, which holds mot15/SEQ/gt/gt.txt, figures of MOT15 sequences are made too (mot15.json). Their results
are derived from the ground truth by `derive`, which Tests/EvaluationTests/TrackEvalTests.swift repeats number by number.
Without SACCADE_DATA they are left as they are.

    make_mot_goldens.py --compare .build/release/saccade

writes nothing, but compares the program with TrackEval on 80 more sequences, most of them on coarse grids.
"""
import argparse
import contextlib
import io
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import numpy as np

for name, kind in (("float", float), ("int", int), ("bool", bool)):
    if not hasattr(np, name):
        setattr(np, name, kind)
import trackeval
from scipy.optimize import linear_sum_assignment

GOLDENS = pathlib.Path(__file__).parent.parent / "EvaluationTests" / "Goldens"
MASK = (1 << 64) - 1
HOTA = ["HOTA", "DetA", "AssA", "DetRe", "DetPr", "AssRe", "AssPr", "LocA", "HOTA_TP", "HOTA_FN", "HOTA_FP"]
CLEAR = ["MOTA", "MOTP", "CLR_Re", "CLR_Pr", "CLR_TP", "CLR_FN", "CLR_FP", "IDSW", "Frag", "MT", "PT", "ML"]
IDENTITY = ["IDF1", "IDP", "IDR", "IDTP", "IDFP", "IDFN"]


def uniform(*counters):
    """A number from 0 to 1 for a tuple of counters (the mixing function of SplitMix64, folded over the counters)."""
    state = 0
    for counter in counters:
        state = (state + counter + 0x9E3779B97F4A7C15) & MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & MASK
        state ^= state >> 31
    return (state >> 11) * 2.0 ** -53


class Sequence:
    """A sequence under construction: rows of the ground truth and of the results."""

    def __init__(self, length, rate=10):
        self.length, self.rate, self.truth, self.results = length, rate, [], []

    def object(self, frame, id_, box, flag=1, kind=-1):
        self.truth.append([frame, id_, *box, flag, kind, -1, -1])

    def track(self, frame, id_, box, kind=-1):
        self.results.append([frame, id_, *box, 0.9, kind, -1, -1])

    def write(self, folder, results, name):
        (folder / name / "gt").mkdir(parents=True, exist_ok=True)
        results.mkdir(parents=True, exist_ok=True)

        def text(rows):
            return "".join(",".join(f"{value:.10g}" for value in row) + "\n" for row in rows)
        (folder / name / "gt" / "gt.txt").write_text(text(self.truth))
        (results / f"{name}.txt").write_text(text(self.results))
        (folder / name / "seqinfo.ini").write_text(
            f"[Sequence]\nname={name}\nframeRate={self.rate}\nseqLength={self.length}\n")


def path(seed, id_, frame, size=40):
    """Where an object is: it goes its way at its own speed."""
    x = 300 * uniform(seed, id_, 1) + frame * (8 * uniform(seed, id_, 2) - 4)
    y = 150 * uniform(seed, id_, 3) + frame * (4 * uniform(seed, id_, 4) - 2)
    return [round(x, 1), round(y, 1), size, 2 * size]


def moved(box, seed, *counters, spread=0.3):
    return [round(value + spread * size * (uniform(seed, *counters, k) - 0.5), 1)
            for k, (value, size) in enumerate(zip(box, [box[2], box[3], box[2], box[3]]))]


def walk(seed, objects=5, length=32, drop=0.1, switch=0.0, false=0.0, spread=0.3, ignored=0.0, life=1.0):
    sequence = Sequence(length)
    for frame in range(1, length + 1):
        names = {}
        for id_ in range(1, objects + 1):
            first = int(uniform(seed, id_, 7) * (1 - life) * length)
            if not first < frame <= first + life * length:
                continue
            box = path(seed, id_, frame)
            flag = int(uniform(seed, id_, frame, 8) >= ignored)
            sequence.object(frame, id_, box, flag)
            if uniform(seed, id_, frame, 9) < drop:
                continue
            # Every eighth of the sequence some objects go by another name.
            epoch = frame * 8 // length
            name = 100 + id_ + (50 * epoch if uniform(seed, id_, epoch, 10) < switch else 0)
            if name not in names:
                names[name] = True
                sequence.track(frame, name, moved(box, seed, id_, frame, 11, spread=spread))
        for number in range(3):
            if uniform(seed, frame, number, 12) < false:
                sequence.track(frame, 900 + number, path(seed + 1, number, frame, size=30))
    return sequence


def swaps():
    """Two by two, tracks exchange their objects."""
    sequence = Sequence(30, rate=12.5)
    for frame in range(1, 31):
        for id_ in range(1, 5):
            box = [100 * id_, 50 + frame, 40, 80]
            sequence.object(frame, id_, box)
            partner = id_ + 1 if id_ % 2 else id_ - 1
            name = partner if 10 * id_ <= frame < 10 * id_ + 12 else id_
            sequence.track(frame, 10 + name + (100 if frame > 25 else 0), moved(box, 3, frame, id_, spread=0.1))
    sequence.results = [row for row in {(row[0], row[1]): row for row in sequence.results}.values()]
    return sequence


def gaps():
    """Frames without objects, without tracks, without either; a match that outlives them."""
    sequence = Sequence(36)
    for frame in range(1, 31):
        for id_ in (1, 2, 3):
            box = path(5, id_, frame)
            if frame % 7 != 0 and not 12 <= frame <= 15:
                sequence.object(frame, id_, box)
            if frame % 5 != 0 and not 14 <= frame <= 18:
                sequence.track(frame, id_ + (10 if frame > 20 and id_ == 2 else 0), moved(box, 5, frame, id_))
    return sequence


def half():
    """Overlaps that meet the thresholds exactly, or as nearly as the numbers allow."""
    sequence = Sequence(40)
    for frame in range(1, 41):
        width = (frame - 1) % 20 + 1
        sequence.object(frame, 1, [10, 10, 20, 1])
        sequence.track(frame, 1, [10, 10, width, 1])
        sequence.object(frame, 2, [0.1, 100.3, 0.7, 0.7])
        sequence.track(frame, 2, [0.1, 100.3, 0.7, round(0.035 * width, 3)])
        sequence.object(frame, 3, [300, 10, 10, 10])
        sequence.track(frame, 3 + frame % 2, [300, 10, 10, 20])
    return sequence


def grid(seed, objects, side):
    """Boxes on a coarse grid: many overlaps are equal, and who is matched depends on the order."""
    sequence = Sequence(40)
    for frame in range(1, 41):
        for id_ in range(objects):
            def place(kind, k, id_=id_, frame=frame):
                return 5 * int(uniform(seed, kind, id_, frame // 3, k) * side)
            if uniform(seed, 1, id_, frame, 0) < 0.8:
                sequence.object(frame, id_, [place(2, 1), place(2, 2), 20, 20])
            if uniform(seed, 3, id_, frame, 0) < 0.85:
                sequence.track(frame, id_, [place(4, 1), place(4, 2), 20, 20])
    return sequence


def classes(seed):
    """A ground truth with classes, as from MOT16 on: distractors, and what counts as nothing."""
    sequence = Sequence(30)
    kinds = [1, 1, 1, 2, 7, 8, 12, 6, 3, 13]
    for frame in range(1, 31):
        for id_, kind in enumerate(kinds, 1):
            box = path(seed, id_, frame)
            sequence.object(frame, id_, box, flag=int(kind == 1 and uniform(seed, id_, frame, 20) < 0.85), kind=kind)
            if uniform(seed, id_, frame, 21) < 0.9:
                sequence.track(frame, id_, moved(box, seed, id_, frame, 22, spread=0.5), kind=1)
    return sequence


def none():
    sequence = walk(31, objects=3, length=12)
    sequence.results = []
    return sequence


def nobody():
    sequence = walk(32, objects=3, length=12)
    for row in sequence.truth:
        row[6] = 0
    return sequence


CASES = {
    "drops": lambda: walk(21, drop=0.25, spread=0.3),
    "switches": lambda: walk(22, drop=0.05, switch=0.5),
    "swaps": swaps,
    "false": lambda: walk(23, false=0.5, switch=0.2, spread=0.5),
    "ignored": lambda: walk(24, ignored=0.3, switch=0.2, false=0.2),
    "partial": lambda: walk(25, objects=7, life=0.4, drop=0.2, spread=0.9, switch=0.3),
    "gaps": gaps, "half": half,
    "grid": lambda: grid(26, 5, 6), "crowd": lambda: grid(27, 11, 9),
    "none": none, "nobody": nobody,
}


def switches(data, names):
    """Where objects go on under another track, by the rule of CLEAR."""
    objects, tracks = names
    found, last, previous = [], {}, {}
    for t in range(data["num_timesteps"]):
        rows, columns, similarity = data["gt_ids"][t], data["tracker_ids"][t], data["similarity_scores"][t]
        if len(rows) == 0 or len(columns) == 0:
            continue
        kept = np.array([[previous.get(row) == column for column in columns] for row in rows])
        scores = np.where(similarity < 0.5 - np.finfo(float).eps, 0, 1000 * kept + similarity)
        previous = {}
        for row, column in zip(*linear_sum_assignment(-scores)):
            if scores[row, column] <= np.finfo(float).eps:
                continue
            object_, track = rows[row], columns[column]
            if object_ in last and last[object_] != track:
                found.append([t, int(objects[object_]), int(tracks[last[object_]]), int(tracks[track])])
            last[object_] = previous[object_] = track
    return sorted(found)


def evaluate(truth, results, sequences, benchmark="MOT15"):
    with tempfile.TemporaryDirectory() as root:
        root = pathlib.Path(root)
        (root / "gt" / "seqmaps").mkdir(parents=True)
        (root / "gt" / "seqmaps" / f"{benchmark}-train.txt").write_text("name\n" + "\n".join(sequences) + "\n")
        for name in sequences:
            shutil.copytree(truth / name, root / "gt" / f"{benchmark}-train" / name,
                            ignore=shutil.ignore_patterns("det", "img1"))
        shutil.copytree(results, root / "tr" / f"{benchmark}-train" / "saccade" / "data")
        with contextlib.redirect_stdout(io.StringIO()):
            dataset = trackeval.datasets.MotChallenge2DBox(
                {"GT_FOLDER": str(root / "gt"), "TRACKERS_FOLDER": str(root / "tr"), "BENCHMARK": benchmark,
                 "SPLIT_TO_EVAL": "train", "PRINT_CONFIG": False})
            metrics = [trackeval.metrics.HOTA(), trackeval.metrics.CLEAR(), trackeval.metrics.Identity()]
            evaluator = trackeval.Evaluator(
                {**trackeval.Evaluator.get_default_eval_config(), "PRINT_RESULTS": False, "PRINT_CONFIG": False,
                 "TIME_PROGRESS": False, "OUTPUT_SUMMARY": False, "OUTPUT_DETAILED": False, "PLOT_CURVES": False,
                 "OUTPUT_EMPTY_CLASSES": False, "LOG_ON_ERROR": None})
            output = evaluator.evaluate([dataset], metrics)[0]["MotChallenge2DBox"]["saccade"]
            figures = {}
            for name in [*sequences, "COMBINED_SEQ"]:
                found = output[name]["pedestrian"]
                figures[name] = {field: np.asarray(found["HOTA"][field]).tolist() for field in HOTA}
                figures[name].update({field: float(found["CLEAR"][field]) for field in CLEAR})
                figures[name].update({field: float(found["Identity"][field]) for field in IDENTITY})
                if name == "COMBINED_SEQ":
                    continue
                raw = dataset.get_raw_seq_data("saccade", name)
                data = dataset.get_preprocessed_seq_data(raw, "pedestrian")
                figures[name]["switches"] = switches(data, identities(truth, results, name, data, dataset))
                assert len(figures[name]["switches"]) == figures[name]["IDSW"], name
    return figures


def identities(truth, results, name, data, dataset):
    """The ids of the files behind the dense ones of TrackEval, which go by their order."""
    def of(key, raw_key):
        raw = dataset.get_raw_seq_data("saccade", name)
        kept = set()
        for t, dense in enumerate(data[key]):
            boxes = {tuple(box) for box in data[raw_key][t]}
            kept |= {int(id_) for id_, box in zip(raw[key][t], raw[raw_key][t]) if tuple(box) in boxes}
        return sorted(kept)
    return of("gt_ids", "gt_dets"), of("tracker_ids", "tracker_dets")


def derive(rows, seed):
    """Results for rows (frame, id, left, top, width, height) of a ground truth: boxes are moved, some are missing, some
    go by another name for a while, and some stand where nobody is."""
    results, taken = [], set()
    for index, (frame, id_, x, y, w, h) in enumerate(rows):
        def u(k):
            return uniform(seed, index, k)
        epoch = frame // 40
        name = id_ + (1000 * (epoch + 1) if uniform(seed, 1_000_000 + id_, epoch) < 0.3 else 0)
        if u(0) >= 0.15:
            spread = 0.5 * u(1)
            results.append([frame, name, x + (u(2) - 0.5) * spread * w, y + (u(3) - 0.5) * spread * h,
                            w * (1 + (u(4) - 0.5) * spread), h * (1 + (u(5) - 0.5) * spread)])
        false = 100_000 + int(u(6) * 30)
        if u(7) < 0.1 and (frame, false) not in taken:
            taken.add((frame, false))
            results.append([frame, false, x + w * u(8), y + h * (u(9) - 0.5), w, h])
    return results


def assignments():
    """Matrices with many equal totals, and the columns that SciPy's solver gives their rows."""
    cases = []
    for number in range(120):
        rows, columns, values = (1 + int(uniform(51, number, k) * size) for k, size in ((0, 7), (1, 7), (2, 4)))
        scores = np.array([[int(uniform(52, number, row, column) * (values + 1)) / 4 for column in range(columns)]
                           for row in range(rows)])
        matched = np.full(rows, -1)
        for row, column in zip(*linear_sum_assignment(-scores)):
            matched[row] = column
        cases.append({"rows": rows, "columns": columns, "scores": scores.ravel().tolist(), "found": matched.tolist()})
    (GOLDENS / "assignments.json").write_text(
        json.dumps(cases, separators=(",", ":")).replace("},{", "},\n{") + "\n", encoding="utf-8")


def write(name, figures):
    lines = ",\n".join(
        f'"{key}": {{\n' + ",\n".join(f'"{field}": {json.dumps(value)}' for field, value in entry.items()) + "}"
        for key, entry in figures.items())
    (GOLDENS / name).write_text("{" + lines + "}\n", encoding="utf-8")
    for key, entry in figures.items():
        print(f"{key:16s} HOTA {np.mean(entry['HOTA']):.4f} MOTA {entry['MOTA']:.4f} IDF1 {entry['IDF1']:.4f} "
              f"IDSW {entry['IDSW']:.0f} Frag {entry['Frag']:.0f}")


KEYS = {
    "HOTA": "hota", "DetA": "det_a", "AssA": "ass_a", "DetRe": "det_re", "DetPr": "det_pr", "AssRe": "ass_re",
    "AssPr": "ass_pr", "LocA": "loc_a", "MOTA": "mota", "MOTP": "motp", "CLR_Re": "recall", "CLR_Pr": "precision",
    "IDF1": "idf1", "IDP": "idp", "IDR": "idr", "IDSW": "identity_switches", "Frag": "fragmentations",
    "MT": "mostly_tracked", "PT": "partially_tracked", "ML": "mostly_lost", "CLR_TP": "true_positives",
    "CLR_FP": "false_positives", "CLR_FN": "false_negatives", "IDTP": "idtp", "IDFP": "idfp", "IDFN": "idfn",
}


def compare(program):
    """The largest difference between the program and TrackEval, on sequences at random."""
    with tempfile.TemporaryDirectory() as root:
        root = pathlib.Path(root)
        names = [f"{number:03}" for number in range(80)]
        for number, name in enumerate(names):
            sequence = grid(1000 + number, (3, 5, 8, 12, 20)[number % 5], (3, 5, 8, 12)[number % 4])
            if number >= 60:
                sequence = walk(2000 + number, objects=12, length=60, drop=0.2, switch=0.4, false=0.5, ignored=0.1,
                                spread=(0.0, 0.2, 0.6)[number % 3], life=(0.3, 1)[number % 2])
            sequence.write(root / "gt", root / "results", name)
        wanted = evaluate(root / "gt", root / "results", names)
        run = subprocess.run([program, "eval", "mot", "--gt", root / "gt", "--results", root / "results", "--json"],
                             check=True, capture_output=True)
    report = json.loads(run.stdout)
    worst = 0.0
    for entry in [*report["sequences"], {"name": "COMBINED_SEQ", "figures": report["combined"]}]:
        golden = wanted[entry["name"]]
        for field, key in KEYS.items():
            worst = max(worst, abs(float(np.mean(golden[field])) - entry["figures"][key]))
        if "switches" in entry:
            found = sorted([one["frame"] - 1, one["object"], one["from"], one["to"]] for one in entry["switches"])
            assert found == golden["switches"], f"{entry['name']}: the switches are others"
    print(f"{len(names)} sequences, {report['combined']['identity_switches']} identity switches, all the same; "
          f"largest difference {worst:.1e}")
    return worst < 1e-9


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compare", metavar="SACCADE", help="compare this program with TrackEval")
    arguments = parser.parse_args()
    if arguments.compare:
        raise SystemExit(0 if compare(arguments.compare) else 1)
    assignments()
    for folder in ("mot", "mot17"):
        shutil.rmtree(GOLDENS / folder, ignore_errors=True)
    for name, make in CASES.items():
        make().write(GOLDENS / "mot" / "gt", GOLDENS / "mot" / "results", name)
    write("mot.json", evaluate(GOLDENS / "mot" / "gt", GOLDENS / "mot" / "results", list(CASES)))
    for number, seed in enumerate((41, 42)):
        classes(seed).write(GOLDENS / "mot17" / "gt", GOLDENS / "mot17" / "results" / "data", f"classes{number}")
    for benchmark in ("MOT17", "MOT20"):
        write(f"{benchmark.lower()}.json",
              evaluate(GOLDENS / "mot17" / "gt", GOLDENS / "mot17" / "results" / "data", ["classes0", "classes1"],
                       benchmark))
    data = os.environ.get("SACCADE_DATA")
    if not data:
        return
    truth = pathlib.Path(data, "mot15")
    sequences = sorted(folder.name for folder in truth.iterdir() if (folder / "gt" / "gt.txt").exists())
    with tempfile.TemporaryDirectory() as results:
        results = pathlib.Path(results)
        for number, name in enumerate(sequences):
            rows = []
            for line in (truth / name / "gt" / "gt.txt").read_text().splitlines():
                columns = [float(column) for column in line.split(",")]
                rows.append([int(columns[0]), int(columns[1]), *columns[2:6]])
            (results / f"{name}.txt").write_text("".join(
                f"{row[0]},{row[1]}," + ",".join(repr(value) for value in row[2:]) + ",1,-1,-1,-1\n"
                for row in derive(rows, number)))
        write("mot15.json", evaluate(truth, results, sequences))


if __name__ == "__main__":
    main()
