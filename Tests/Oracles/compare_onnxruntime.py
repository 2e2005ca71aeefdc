#!/usr/bin/env python3
"""Latency of the program's runtime beside ONNX Runtime fp32, on the same model, threads and machine, in turns.

    compare_onnxruntime.py --saccade BINARY [--threads 1 2] [--rounds 5] [--runs 20] -- MODEL.onnx ...

Each round runs ONNX Runtime and then `saccade benchmark model MODEL --threads T --runs N --json`, each in a process of
its own, so that a noisy machine disturbs both alike. Prints the median of the rounds' medians in milliseconds and their
ratio; with --limit R exits 1 when a ratio is above R. With --venv FOLDER the `onnxruntime` package is installed there
first; otherwise it must be importable.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time


def measure_reference(model, threads, runs):
    import numpy
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    feed = {}
    for value in session.get_inputs():
        shape = [size if isinstance(size, int) else 1 for size in value.shape]
        feed[value.name] = numpy.random.default_rng(7).random(shape, dtype=numpy.float32)
    for _ in range(3):
        session.run(None, feed)
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        session.run(None, feed)
        times.append((time.perf_counter() - start) * 1e3)
    print(json.dumps({"median_ms": statistics.median(times), "version": onnxruntime.__version__}))


def output_of(command):
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"{command[0]} ended with {result.returncode}")
    return json.loads(result.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL.onnx")
    parser.add_argument("--saccade", help="the program")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=20, help="inferences in a round")
    parser.add_argument("--limit", type=float, help="the greatest ratio that is fine")
    parser.add_argument("--venv", metavar="FOLDER", help="make a virtual environment there and run in it")
    parser.add_argument("--reference", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()

    if arguments.reference:
        return measure_reference(arguments.models[0], arguments.threads[0], arguments.runs)
    if not arguments.saccade:
        parser.error("--saccade is needed")
    python = sys.executable
    if arguments.venv:
        python = os.path.join(arguments.venv, "bin", "python")
        stamp = os.path.join(arguments.venv, "ready")
        if not os.path.exists(stamp):
            print("installing onnxruntime", file=sys.stderr)
            subprocess.run([sys.executable, "-m", "venv", arguments.venv], check=True)
            subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "onnxruntime", "numpy"],
                           check=True)
            open(stamp, "w").close()

    worst = 0.0
    print("model                     threads  ONNX Runtime ms  saccade ms  ratio  (ratio of each round)")
    for model in arguments.models:
        for threads in arguments.threads:
            shared = ["--threads", str(threads), "--runs", str(arguments.runs)]
            theirs, ours = [], []
            for _ in range(arguments.rounds):
                theirs.append(output_of([python, __file__, "--reference", *shared, "--", model])["median_ms"])
                ours.append(output_of([arguments.saccade, "benchmark", "model", model, *shared, "--json"])["median_ms"])
            ratio = statistics.median(ours) / statistics.median(theirs)
            worst = max(worst, ratio)
            rounds = " ".join(f"{mine / other:.2f}" for mine, other in zip(ours, theirs))
            print(f"{os.path.basename(model):25s} {threads:7d}  {statistics.median(theirs):15.1f}  "
                  f"{statistics.median(ours):10.1f}  {ratio:5.2f}  ({rounds})", flush=True)
    return 1 if arguments.limit and worst > arguments.limit else 0


if __name__ == "__main__":
    sys.exit(main())
