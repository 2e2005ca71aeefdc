#!/usr/bin/env python3
"""Frames a second of `saccade track` and of Ultralytics' tracker: the same weights and video, in turns.

    compare_video.py --saccade BINARY --folder .build/bench --model MODEL.onnx [--int8 MODEL-int8.onnx] VIDEO

Both detect in every frame, track, draw and write an annotated video, each in a process of its own and with its own
defaults: H.264 (libx264 veryfast, CRF 23) here, Motion JPEG by OpenCV there; BoT-SORT there. Ultralytics runs ONNX files
with ONNX Runtime. Two rates are given: of the frames while they are processed, and of the whole process from its start
to its end. The second size is the video scaled to 1920×1080 by FFmpeg, kept in the folder.

Ultralytics is installed into FOLDER/venv-ultralytics when it is asked for (--peers ultralytics) and missing there. It
brings PyTorch, which is large. All figures go to FOLDER/video.json.
"""
import argparse
import datetime
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

PACKAGES = ["ultralytics", "lap", "onnxruntime", "opencv-python-headless"]


def inside(task):
    """Tracks with Ultralytics; prints how many frames there were, and the seconds between the first and the last."""
    from ultralytics import YOLO

    model = YOLO(task["model"], task="detect")
    times = []
    for _ in model.track(source=task["video"], stream=True, save=True, verbose=False, project=task["out"], name="run",
                         device="cpu"):
        times.append(time.perf_counter())
    print(json.dumps({"frames": len(times), "rate": (len(times) - 1) / (times[-1] - times[0])}))


def say(text):
    print(text, file=sys.stderr, flush=True)


def timed(command, **more):
    start = time.perf_counter()
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False, **more)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {result.returncode}")
    return time.perf_counter() - start, json.loads(result.stdout.splitlines()[-1])


def install(folder):
    python = os.path.join(folder, "bin", "python")
    stamp = os.path.join(folder, "ready")
    if not os.path.exists(stamp):
        say("installing Ultralytics and PyTorch, which takes long the first time")
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        # PyTorch for the CPU alone is a tenth of the size; where its index is out of reach, the ordinary one does.
        subprocess.run([*pip, "--retries", "0", "--index-url", "https://download.pytorch.org/whl/cpu", "torch",
                        "torchvision"], check=False)
        subprocess.run([*pip, *PACKAGES], check=True)
        open(stamp, "w").close()
    return python


def track_ours(options, model, video, preset):
    with tempfile.TemporaryDirectory() as out:
        command = [options.saccade, "track", video, "--model", model, "-o", os.path.join(out, "tracked.mp4"), "--preset",
                   preset, "--json", "--quiet"]
        seconds, summary = timed(command)
        frames = summary["frames"]["read"]
        assert summary["frames"]["detected"] == frames, "every frame is to be detected"
        return {"frames": frames, "rate": frames / summary["wallTime"], "process_rate": frames / seconds}


def track_ultralytics(python, model, video):
    with tempfile.TemporaryDirectory() as out:
        task = json.dumps({"model": os.path.abspath(model), "video": os.path.abspath(video), "out": out})
        environment = dict(os.environ, YOLO_AUTOINSTALL="false", YOLO_OFFLINE="true", YOLO_VERBOSE="false",
                           YOLO_CONFIG_DIR=out)
        seconds, figures = timed([python, os.path.abspath(__file__), "--inside", task], env=environment, cwd=out)
        return dict(figures, process_rate=figures["frames"] / seconds)


def scaled(video, folder):
    stem = os.path.splitext(os.path.basename(video))[0]
    out = os.path.join(folder, f"{stem}-1080p.mp4")
    if not os.path.exists(out):
        say(f"making {out}")
        part = os.path.join(folder, f"{stem}-1080p.part.mp4")
        subprocess.run(["ffmpeg", "-loglevel", "error", "-y", "-i", video, "-vf", "scale=1920:1080,setsar=1", "-an",
                        "-c:v", "libx264", "-preset", "veryfast", "-crf", "18", part], check=True,
                       stdin=subprocess.DEVNULL)
        os.replace(part, out)
    return out


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--inside":
        return inside(json.loads(sys.argv[2]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("video")
    parser.add_argument("--saccade", required=True, help="the program")
    parser.add_argument("--folder", required=True, help="where environments and figures are kept")
    parser.add_argument("--model", required=True, help="the weights in float, which the peer runs as well")
    parser.add_argument("--int8", help="the quantized weights, which the program runs alone")
    parser.add_argument("--peers", nargs="*", choices=["ultralytics"], default=[])
    parser.add_argument("--presets", nargs="+", default=["veryfast", "ultrafast"], help="of the program's encoder")
    parser.add_argument("--sizes", nargs="+", choices=["source", "1080p"], default=["source", "1080p"])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if not shutil.which("ffmpeg") and "1080p" in options.sizes:
        parser.error("ffmpeg is needed for 1080p")

    os.makedirs(options.folder, exist_ok=True)
    python = install(os.path.join(os.path.abspath(options.folder), "venv-ultralytics")) if options.peers else None
    runs = {}
    for model in [options.model, options.int8]:
        for preset in options.presets if model else []:
            runs[f"saccade, {os.path.basename(model)}, {preset}"] = (
                lambda video, model=model, preset=preset: track_ours(options, model, video, preset))
    if python:
        runs[f"ultralytics, {os.path.basename(options.model)}"] = (
            lambda video: track_ultralytics(python, options.model, video))

    rows = []
    print("| video | run | frames/s | frames/s of the whole process | × Ultralytics |\n|---|---|---|---|---|", flush=True)
    for size in options.sizes:
        video = options.video if size == "source" else scaled(options.video, options.folder)
        rounds = {name: [] for name in runs}
        for _ in range(options.rounds):
            for name, run in runs.items():
                rounds[name].append(run(video))
        rates = {name: statistics.median(figures["rate"] for figures in all_) for name, all_ in rounds.items()}
        peer = next((rate for name, rate in rates.items() if name.startswith("ultralytics")), None)
        for name, figures in rounds.items():
            whole = statistics.median(figure["process_rate"] for figure in figures)
            ratio = f"{rates[name] / peer:.1f}" if peer else "–"
            print(f"| {os.path.basename(video)} | {name} | {rates[name]:.1f} | {whole:.1f} | {ratio} |", flush=True)
            rows.append(dict(video=os.path.basename(video), run=name, rate=rates[name], process_rate=whole,
                             rounds=figures))
    path = os.path.join(options.folder, "video.json")
    with open(path, "w") as file:
        json.dump(dict(date=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
                       cores=os.cpu_count(), load=os.getloadavg(), rounds=options.rounds, rows=rows), file, indent=1)
    print(f"\nmedians of {options.rounds} rounds in turns; all figures: {os.path.relpath(path)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
