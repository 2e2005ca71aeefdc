#!/usr/bin/env python3
"""Kills the program with SIGKILL at random moments while it writes a video, and looks at what is left.

    kill_playable.py --saccade BINARY [--sample samples/bikes.mp4] [--kills 20] [--container mkv] [-- --detect-every 5]
    kill_playable.py --saccade BINARY --live [--kills 300] [--container mp4 mkv] [--parallel 1]

After each kill the annotated file must play (ffprobe decodes its frames) and the track log must hold whole lines but
for the last. A fragment is one second long and leaves when the first frame of the next is encoded, which the encoder's
look-ahead delays by half a second more: a kill before two seconds of video have been logged may leave a file without
frames. Prints a line for each kill and `kills=20 playable=19 early=1 unplayable=0 torn=0`; exits 1 when one of the
last two is not 0. Needs `ffprobe`.

With --live a test source is recorded in its time, to each container in turns, and killed within three seconds of the
first fragment in the file. What is lost is the time from the end of the last picture that decodes to the end of the
last one in the log. It is told, too, for the moment of the kill on the clock, which began when the first frame was
captured: there it counts that a machine with too much to do had not come to the newest frames. Exits 1, too, when more
than a second of the log is lost, or more than its last line torn.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor


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


def video_end(path):
    """When the last picture ends, in seconds from the first; the count of pictures that decode."""
    frames = probe(path, "frame=pts_time,pkt_duration_time,best_effort_timestamp_time", "-show_frames").get("frames") or []
    times = [float(f.get("pts_time") or f.get("best_effort_timestamp_time") or 0) for f in frames]
    if not times:
        return 0.0, 0
    interval = (max(times) - min(times)) / max(len(times) - 1, 1)
    return max(times) - min(times) + interval, len(times)


def holds_fragment(path):
    """Whether a first fragment of MP4 is whole in the file, or a cluster of Matroska holds more than a picture."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return False
    if not path.endswith(".mp4"):
        return b"\x1f\x43\xb6\x75" in data
    place = 0
    while place + 8 <= len(data):
        size, kind = int.from_bytes(data[place:place + 4], "big"), data[place + 4:place + 8]
        if kind == b"mdat" and b"moof" in data[:place]:
            return place + size <= len(data)
        place += max(size, 8)
    return False


def kill_live(arguments, number, container, delay, folder):
    """Records, kills, and looks; the line to print and the figures."""
    video, log = os.path.join(folder, f"{number}.{container}"), os.path.join(folder, f"{number}.jsonl")
    command = [arguments.saccade, "track", arguments.live_source, "--model", arguments.model, "-o", video,
               "--save-jsonl", log, "--progress", "none", *arguments.extra]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    limit = time.monotonic() + 30
    began, written = None, None
    while process.poll() is None and time.monotonic() < limit:
        now = time.monotonic()
        if began is None and any(os.path.exists(p) and os.path.getsize(p) for p in (log, log + ".part")):
            began = now
        if written is None and holds_fragment(video):
            written = now
        if written and now >= written + delay:
            break
        time.sleep(0.002 if began is None else 0.01)
    process.kill()
    killed = time.monotonic()
    process.wait()
    if began is None or written is None:
        return f"{container} no fragment within 30 s", {"unplayable": 1}
    end, frames = video_end(video)
    log = log if os.path.exists(log) else log + ".part"
    lines, torn = log_lines(log)
    with open(log, encoding="utf-8", errors="replace") as file:
        told = [json.loads(line) for line in list(file)[:lines]]
    # The first frame was captured before its line was written.
    began -= told[0]["age_s"]
    lost = told[-1]["time_s"] + 0.04 - end
    wall = killed - began - end
    counts = {"playable": int(frames > 0), "unplayable": int(frames == 0), "torn": int(torn), "lost": lost, "wall": wall,
              "waited": written - began, "container": container}
    text = f"{container} {killed - began:5.2f} s after the first frame: {frames} frames, {lines} lines, " \
        f"lost {lost:5.2f} s of the log, {wall:5.2f} s of the clock"
    for path in (video, log, log + ".part"):
        if os.path.exists(path):
            os.remove(path)
    return text + (", a line before the last is torn" if torn else ""), counts


def run_live(arguments):
    chance = random.Random(arguments.seed)
    plan = [(kill, arguments.container[kill % len(arguments.container)], chance.uniform(0, 3))
            for kill in range(arguments.kills)]
    results = []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(arguments.parallel) as pool:
        for kill, (text, counts) in enumerate(pool.map(lambda p: kill_live(arguments, *p, folder), plan)):
            print(f"kill {kill:3d}: {text}", flush=True)
            results.append(counts)
    total = lambda name: sum(counts.get(name, 0) for counts in results)
    for container in arguments.container:
        lost, wall = (sorted(c[kind] for c in results if c.get("container") == container) or [float("inf")]
                      for kind in ("lost", "wall"))
        first = sorted(c["waited"] for c in results if c.get("container") == container) or [0]
        at = lambda values, share: values[min(len(values) - 1, int(share * len(values)))]
        figures = lambda values: f"p50={at(values, 0.5):.2f} p95={at(values, 0.95):.2f} " \
            f"p99={at(values, 0.99):.2f} max={values[-1]:.2f} s"
        print(f"{container}: lost of the log {figures(lost)}; of the clock {figures(wall)}; first fragment after p50={at(first, 0.5):.2f} max={first[-1]:.2f} s")
    late = sum(counts.get("lost", 0) > 1 for counts in results)
    print(f"kills={arguments.kills} playable={total('playable')} unplayable={total('unplayable')} late={late} "
          f"torn={total('torn')}")
    return 1 if total("unplayable") or total("torn") or late else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saccade", required=True, help="the program")
    parser.add_argument("--sample", default="samples/bikes.mp4", help="a video of some seconds (make samples)")
    parser.add_argument("--model", default="weights/saccade-n.onnx")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--container", default=["mp4"], nargs="+", help="the extensions of the annotated video")
    parser.add_argument("--live", action="store_true", help="record a live source")
    parser.add_argument("--live-source", default="lavfi:testsrc2=size=640x360:rate=25")
    parser.add_argument("--parallel", type=int, default=1, help="live recordings at a time")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("extra", nargs="*", help="further options of `saccade track`, after --")
    arguments = parser.parse_args()
    if arguments.live:
        return run_live(arguments)
    chance = random.Random(arguments.seed)

    with tempfile.TemporaryDirectory() as scratch:
        def start(name):
            video, log = os.path.join(scratch, f"{name}.{arguments.container[0]}"), os.path.join(scratch, name + ".jsonl")
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
