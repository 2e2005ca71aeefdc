#!/usr/bin/env python3
"""Kills trainings with SIGKILL at random moments, resumes them, and compares what they end with.

    kill_training.py --saccade BINARY --data FOLDER [--kills 100] [--task digits] [--epochs 60] [--threads 1 2 3 4]

First the task is trained without a disturbance, once with each number of threads: all must write the same model, byte
for byte. Then it is trained again and again with --resume, each time killed within `--longest` seconds, until so many
kills are done; a run that has ended must have written that model too, and another one begins. After each kill the
folder must hold a checkpoint that loads, as soon as there has been one: the next start tells the step that it goes on
from, which never falls back behind the one before.

Prints a line for each kill and `kills=100 lost=0 runs=7 different=0`; exits 1 when one of `lost` and `different` is not 0.
FOLDER is that of the lab's data sets.
"""
import argparse
import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time


def command(arguments, folder, threads, *more):
    return [arguments.saccade, "lab", "train", "--task", arguments.task, "--data", arguments.data, "--epochs",
            str(arguments.epochs), "--seed", "5", "--augment", "--threads", str(threads), "--out", folder, *more]


def digest(folder):
    with open(os.path.join(folder, "model.onnx"), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saccade", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--task", default="digits")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2, 3, 4])
    parser.add_argument("--longest", type=float, default=2.5, help="seconds from a start to its kill, at the most")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    lost = different = runs = kills = 0

    with tempfile.TemporaryDirectory() as top:
        expected = None
        for threads in arguments.threads:
            folder = os.path.join(top, f"threads{threads}")
            start = time.monotonic()
            subprocess.run(command(arguments, folder, threads, "-q"), check=True, stdout=subprocess.DEVNULL)
            found = digest(folder)
            expected = expected or found
            different += found != expected
            print(f"{threads} threads: {time.monotonic() - start:.1f} s, {found}", flush=True)

        folder = step = None
        while kills < arguments.kills:
            if folder is None:
                runs, step = runs + 1, 0
                folder = os.path.join(top, f"run{runs}")
            with open(os.path.join(top, "messages"), "w+b") as messages:
                process = subprocess.Popen(
                    command(arguments, folder, rng.choice(arguments.threads), "--resume", "--json"),
                    stdout=subprocess.PIPE, stderr=messages)
                try:
                    output, _ = process.communicate(timeout=rng.uniform(0.02, arguments.longest))
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGKILL)
                    process.wait()
                    kills += 1
                    messages.seek(0)
                    text = messages.read().decode(errors="replace")
                    resumed = re.search(r"goes on behind step (\d+)", text)
                    at = int(resumed.group(1)) if resumed else None
                    # A start that was killed before it told of a step has not lost it.
                    if at is not None and at < step:
                        lost += 1
                    step = max(step, at or 0)
                    print(f"kill {kills}: run {runs}, resumed at {'-' if at is None else at}", flush=True)
                    continue
                if process.returncode:
                    messages.seek(0)
                    print(f"a resumed run failed: {messages.read().decode(errors='replace')}", flush=True)
                    lost += 1
                    folder = None
                    continue
                resumed = json.loads(output).get("resumed_at")
                found = digest(folder)
                different += found != expected
                print(f"run {runs} ended, resumed at {resumed}: {found}", flush=True)
                folder = None

    print(f"kills={kills} lost={lost} runs={runs} different={different}")
    sys.exit(1 if lost or different else 0)


if __name__ == "__main__":
    main()
