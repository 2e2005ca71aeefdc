#!/usr/bin/env python3
"""Runs the model files that the export tests leave with ONNX Runtime, beside what they were made of.

    SACCADE_EXPORTS=FOLDER SACCADE_DATA=... swift test --filter ExportTests
    check_exports.py FOLDER [--models FOLDER-OF-MODELS]

operator-NAME.onnx and small-NAME.onnx must give the committed outputs of Tests/ONNXTests/Models; NAME.onnx and
NAME-folded.onnx those of NAME.onnx in the folder of models. Needs numpy, onnx and onnxruntime.
"""
import argparse
import base64
import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime

GOLDENS = pathlib.Path(__file__).resolve().parent.parent / "ONNXTests" / "Models"


def decode(tensor):
    return np.frombuffer(base64.b64decode(tensor["data"]), tensor["dtype"]).reshape(tensor["shape"])


def run(path, inputs):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return session.run(None, inputs)


def difference(left, right):
    """The greatest difference, relative above 1; infinite where types or shapes differ."""
    worst = 0.0
    for a, b in zip(left, right, strict=True):
        if a.dtype != b.dtype or a.shape != b.shape:
            return float("inf")
        if a.size:
            with np.errstate(invalid="ignore"):
                error = np.abs(a.astype(np.float64) - b) / np.maximum(1, np.abs(b.astype(np.float64)))
            worst = max(worst, float(np.where(a == b, 0, error).max()))
    return worst


def golden(case):
    """float16 models are written with the float32 that they are read as."""
    inputs = {t["name"]: decode(t) for t in case["inputs"]}
    return {n: a.astype(np.float32) if a.dtype == np.float16 else a for n, a in inputs.items()}, [
        decode(t) for t in case["outputs"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--models", type=pathlib.Path)
    arguments = parser.parse_args()
    cases = {f"operator-{c['name']}": c for c in json.loads((GOLDENS / "operators.json").read_text())}
    for path in GOLDENS.glob("*.onnx"):
        cases[f"small-{path.stem}"] = json.loads(path.with_suffix(".json").read_text())

    failures, checked = 0, 0
    for path in sorted(arguments.folder.glob("*.onnx")):
        onnx.checker.check_model(onnx.load(path), full_check=True)
        if path.stem in cases:
            inputs, expected = golden(cases[path.stem])
        elif arguments.models and (arguments.models / f"{path.stem.removesuffix('-folded')}.onnx").exists():
            original = arguments.models / f"{path.stem.removesuffix('-folded')}.onnx"
            value = onnx.load(original).graph.input[0]
            shape = [d.dim_value or 1 for d in value.type.tensor_type.shape.dim]
            inputs = {value.name: np.random.default_rng(7).random(shape, dtype=np.float32)}
            expected = run(original, inputs)
        else:
            print(f"{path.stem}: loads" if run_only(path) else f"{path.stem}: not loaded")
            continue
        worst = difference(run(path, inputs), expected)
        checked += 1
        if not worst <= 1e-4 or not path.stem.startswith(("operator-", "small-")):
            print(f"{path.stem}: within {worst:.2g}")
        failures += not worst <= 1e-3
    print(f"{checked} models, {failures} differ")
    return 1 if failures or not checked else 0


def run_only(path):
    onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return True


if __name__ == "__main__":
    sys.exit(main())
