#!/usr/bin/env python3
"""Kills the program with SIGKILL at random moments while it writes a video, and looks at what is left.

    kill_playable.py --saccade BINARY [--sample samples/bikes.mp4] [--kills 20] [--container mkv] [-- --detect-every 5]

After each kill the annotated file must play (ffprobe decodes its frames) and the track log must hold whole lines but
for the last. A fragment is one second long and leaves when the first frame of the next is encoded, which the encoder's
look-ahead delays by half a second more: a kill before two seconds of video have been logged may leave a file without
frames. Prints a line for each kill and `kills=20 playable=19 early=1 unplayable=0 torn=0`; exits 1 when one of the last two is not 0. Needs
`ffprobe`.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time


def probe(path, entries, *options):
    command = ["ffprobe", "-v", "error", "-select_streams", "v:0", *options, "-show_entries", entries, "-of", "json", path]
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    try:
        return json.loads(result.stdout)
    except ValueError:
        return {}


def frame_count(path):
    """The frames that decode; 0 when the file does not play."""
    streams = probe(path, "stream=nb_read_frames", "-count_frames").get("streams") or [{}]
    return int(streams[0].get("nb_read_frames") or 0)


def frame_rate(path):
    streams = probe(path, "stream=avg_frame_rate").get("streams") or [{}]
    numerator, _, denominator = (streams[0].get("avg_frame_rate") or "25/1").partition("/")
    return float(numerator) / float(denominator or 1) if float(denominator or 1) else 25.0


def log_lines(path):
    """The whole lines of a track log, and whether a line before the last is damaged."""
    if not os.path.exists(path):
        return 0, False
    with open(path, "rb") as file:
        lines = file.read().split(b"\n")
    whole = 0
    for place, line in enumerate(lines):
        try:
            whole += isinstance(json.loads(line), dict)
        except ValueError:
            if place < len(lines) - 1:
                return whole, True
    return whole, False


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saccade", required=True, help="the program")
    parser.add_argument("--sample", default="samples/bikes.mp4", help="a video of some seconds (make samples)")
    parser.add_argument("--model", default="weights/saccade-starter.onnx")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--container", default="mp4", help="the extension of the annotated video")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("extra", nargs="*", help="further options of `saccade track`, after --")
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)

    with tempfile.TemporaryDirectory() as scratch:
        def start(name):
            video, log = os.path.join(scratch, f"{name}.{arguments.container}"), os.path.join(scratch, name + ".jsonl")
            command = [arguments.saccade, "track", arguments.sample, "--model", arguments.model, "-o", video,
                       "--save-jsonl", log, *arguments.extra]
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                    stderr=subprocess.PIPE), video, log

        began = time.monotonic()
        process, video, log = start("whole")
        _, errors = process.communicate()
        duration = time.monotonic() - began
        if process.returncode != 0:
            print(errors.decode(errors="replace").strip(), file=sys.stderr)
            return f"the run that is not killed ended with {process.returncode}"
        whole, rate = frame_count(video), frame_rate(arguments.sample)
        print(f"not killed: {whole} frames, {log_lines(log)[0]} lines, {duration:.1f} s")

        counts = {"playable": 0, "early": 0, "unplayable": 0, "torn": 0}
        most_lost = 0
        for kill in range(arguments.kills):
            process, video, log = start(f"kill-{kill}")
            moment = duration * chance.uniform(0.02, 0.98)
            try:
                process.communicate(timeout=moment)
                finished = True
            except subprocess.TimeoutExpired:
                finished = False
                process.kill()
                process.communicate()
            frames = frame_count(video) if os.path.exists(video) else 0
            lines, torn = log_lines(log if os.path.exists(log) else log + ".part")
            counts["torn"] += torn
            outcome = "playable" if frames else "early" if lines <= 2 * rate else "unplayable"
            counts[outcome] += 1
            if frames:
                most_lost = max(most_lost, lines - frames)
            print(f"kill {kill:3d} at {moment:6.2f} s{' (finished)' if finished else ''}: {outcome}, {frames} frames, "
                  f"{lines} lines{', a line before the last is torn' if torn else ''}")
            for path in (video, log, log + ".part"):
                if os.path.exists(path):
                    os.remove(path)
        print(f"most frames logged but lost from the video: {most_lost} ({most_lost / rate:.2f} s)")
        print(f"kills={arguments.kills} " + " ".join(f"{key}={value}" for key, value in counts.items()))
        return 1 if counts["unplayable"] or counts["torn"] else 0


if __name__ == "__main__":
    sys.exit(main())
