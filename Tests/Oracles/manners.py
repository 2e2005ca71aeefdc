#!/usr/bin/env python3
"""Manners: how the program treats its standard streams and signals.

    manners.py --saccade BINARY [--sample samples/bikes.mp4] [--model M.onnx]

A reader that goes, a full disk, closed streams, a summary that must be alone on standard output, terminal codes that
must not leave, SIGINT and SIGTERM once and twice, a FIFO that nobody writes. Prints a line for each check and
`checks=N failed=0`; exits 1 when one failed. Needs Linux (`/dev/full`) and `ffmpeg`.
"""
import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time


class Checks:
    def __init__(self, arguments, folder):
        self.arguments, self.folder = arguments, folder
        self.count = self.failed = 0

    def path(self, name):
        return os.path.join(self.folder, name)

    def command(self, *options, source=None):
        return [self.arguments.saccade, "track", source or self.arguments.sample, "--model", self.arguments.model,
                "--detect-every", "10", *options]

    def run(self, *options, source=None, **streams):
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
        environment = {**os.environ, "SWIFT_BACKTRACE": "enable=no"}
        return subprocess.run(self.command(*options, source=source), timeout=120, env=environment, check=False, **streams)

    def expect(self, name, condition, seen=""):
        self.count += 1
        self.failed += not condition
        print(f"{'ok' if condition else 'FAILED'}: {name}{'' if condition else f' ({seen})'}", flush=True)

    def streams(self):
        short = ("-t", "0.5")
        full = open("/dev/full", "wb")
        log = self.path("log.jsonl")
        result = self.run(*short, "--save-jsonl", log, "--json")
        lines = result.stdout.splitlines()
        self.expect("--json is one object", len(lines) == 1 and json.loads(lines[0])["frames"]["read"] > 0, result)
        result = self.run(*short, "--json")
        self.expect("--json without outputs is one object", len(result.stdout.splitlines()) == 1, result)
        result = self.run(*short, "--json", "--save-jsonl", "-")
        self.expect("--json and a log cannot share standard output", result.returncode == 64, result)
        result = self.run(*short, "--save-jsonl", log, "-q")
        self.expect("--quiet is quiet", result.returncode == 0 and not result.stdout + result.stderr, result)
        result = self.run(*short, "-o", self.path("o.mkv"), "--progress", "bar")
        self.expect("no control codes without a terminal", b"\x1b" not in result.stderr and b"\r" not in result.stderr,
                    result)
        result = self.run(*short, "--save-jsonl", log, "--json", stdout=full)
        self.expect("a full disk under the summary", result.returncode == 74 and b"disk_full" in result.stderr, result)
        result = self.run(*short, "--save-jsonl", log, stderr=full)
        self.expect("a full disk under the messages", result.returncode == 0, result)
        for descriptor in (0, 1, 2):
            result = self.run(*short, "-o", self.path("o.mkv"), stdin=None, preexec_fn=lambda: os.close(descriptor))
            self.expect(f"stream {descriptor} closed, no result on it", result.returncode == 0, result)
        result = self.run(*short, "--json", "-o", self.path("o.mkv"), preexec_fn=lambda: os.close(1))
        self.expect("standard output closed", result.returncode == 74, result)
        for options in (("--save-jsonl", "-"), ("-o", "-")):
            reading, writing = os.pipe()
            os.close(reading)
            result = self.run(*short, *options, stdout=writing)
            os.close(writing)
            self.expect(f"{options[0]} -: the reader has gone",
                        result.returncode == 74 and b"[reason: reset]" in result.stderr, result)

    def terminal(self):
        named = self.path("\x1b[31mred\x07.mp4")
        with open(named, "wb") as file:
            file.write(b"\x1b]0;title\x07" * 100)
        result = self.run(source=named)
        self.expect("names send no codes to the terminal", result.returncode == 65 and b"\x1b" not in result.stderr, result)
        titled = self.path("titled.mkv")
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "sine=d=0.2", "-metadata",
                        "title=\x1b[2J\x07", "-metadata:s:a", "title=\x1b[2J", titled], check=True)
        result = self.run(source=titled)
        self.expect("metadata send no codes to the terminal",
                    result.returncode == 65 and b"\x1b" not in result.stderr and b"\x07" not in result.stderr, result)
        tail = self.path("tail.mp4")
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", self.arguments.sample, "-c", "copy", tail], check=True,
                       stdin=subprocess.DEVNULL)
        feeder = subprocess.Popen(["cat", tail], stdout=subprocess.PIPE)
        result = self.run(source="-", stdin=feeder.stdout)
        feeder.stdout.close()
        feeder.wait()
        self.expect("an MP4 with its index at the end says why a pipe is not enough",
                    result.returncode == 65 and b"index" in result.stderr, result)

    def signals(self):
        video, log = self.path("s.mp4"), self.path("s.jsonl")
        # Slow enough to be caught in the middle: every frame detected by one thread.
        slow = ("--detect-every", "1", "--threads", "1", "-o", video, "--save-jsonl", log)
        for number in (signal.SIGINT, signal.SIGTERM):
            process = subprocess.Popen(self.command(*slow), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE)
            self.wait_for_lines(log + ".part", 30)
            process.send_signal(number)
            process.communicate(timeout=60)
            frames, lines = self.frames(video), len(open(log).readlines()) if os.path.exists(log) else 0
            self.expect(f"{number.name} finishes the outputs", process.returncode == 128 + number and frames == lines > 0,
                        (process.returncode, frames, lines))
            os.remove(log)
        process = subprocess.Popen(self.command(*slow), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        self.wait_for_lines(log + ".part", 60)
        process.send_signal(signal.SIGINT)
        time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.expect("SIGINT twice leaves a file that plays", process.returncode == 130 and self.frames(video) > 0,
                    (process.returncode, self.frames(video)))
        os.mkfifo(self.path("silent"))
        for number in (signal.SIGINT, signal.SIGTERM):
            process = subprocess.Popen(self.command(source=self.path("silent")), stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            time.sleep(1)
            start = time.monotonic()
            process.send_signal(number)
            process.communicate(timeout=60)
            self.expect(f"{number.name} ends the wait for a silent FIFO",
                        process.returncode == 128 + number and time.monotonic() - start < 2, process.returncode)

    @staticmethod
    def wait_for_lines(path, count):
        for _ in range(600):
            if os.path.exists(path) and len(open(path, "rb").read().splitlines()) >= count:
                return
            time.sleep(0.05)

    @staticmethod
    def frames(path):
        result = subprocess.run(["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v:0", "-show_entries",
                                 "stream=nb_read_frames", "-of", "csv=p=0", path], capture_output=True, text=True,
                                check=False)
        return int(result.stdout.strip().strip(",") or 0) if result.stdout.strip().strip(",").isdigit() else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saccade", required=True, help="the program")
    parser.add_argument("--sample", default="samples/bikes.mp4", help="a video of some seconds (make samples)")
    parser.add_argument("--model", default="weights/saccade-n.onnx")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        checks = Checks(arguments, folder)
        checks.streams()
        checks.terminal()
        checks.signals()
    print(f"checks={checks.count} failed={checks.failed}")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
