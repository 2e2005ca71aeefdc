#!/usr/bin/env python3
"""Damaged files: makes 300 of them from one sample video and lets the program track each.

    damaged_files.py --saccade BINARY [--sample samples/bikes.mp4] [--model M.onnx] [--keep FOLDER]

Truncations at many points, flipped bits, zeroed blocks, cut-out ranges, swapped blocks, wrong extensions, text, play
lists under the name of a video, random bytes, a folder, a FIFO that nobody writes, links to nowhere: the same files for
the same sample and seed. Each must end within the time limit, without a signal, with an exit code of the program's
table, and, unless the code is 0, with a typed reason on standard error and in the summary.

Prints a table of what came of them and the line `files=300 crash=0 hang=0 untyped=0`; exits 1 when one of the three is
not 0. Uses the standard library alone; `ffmpeg`, where it is there, adds files without video.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

EXIT_CODES = {0, 64, 65, 66, 69, 70, 73, 74, 75, 77, 78}
REASONS = {
    "eof", "timeout", "refused", "auth", "reset", "unsupported", "corrupt", "no_video", "too_large", "denied",
    "disk_full", "internal", "not_found", "cannot_create", "io",
}
REASON_LINE = re.compile(r"^saccade: error: .+ \[reason: ([a-z_]+)\]\s*$", re.MULTILINE)


class Corpus:
    """Damaged files in one folder, numbered, each with the name of its damage."""

    def __init__(self, folder, sample, seed):
        self.folder, self.sample_path = folder, sample
        with open(sample, "rb") as file:
            self.sample = file.read()
        self.extension = os.path.splitext(sample)[1] or ".mp4"
        self.random = random.Random(seed)
        self.entries = []

    def path(self, damage, extension=None):
        name = f"{len(self.entries):03d}-{damage}{self.extension if extension is None else extension}"
        path = os.path.join(self.folder, name)
        self.entries.append((damage, path))
        return path

    def add(self, damage, content, extension=None):
        with open(self.path(damage, extension), "wb") as file:
            file.write(content)

    def make(self, count):
        self.make_special()
        size = len(self.sample)
        for boundary in self.boxes():  # around each top-level box of an MP4
            for offset in (-1, 0, 1, 4, 8):
                if 0 <= boundary + offset < size:
                    self.add("truncated-at-box", self.sample[:boundary + offset])
        damages = [self.truncate, self.flip_one, self.flip_many, self.zero_block, self.delete_range, self.swap_blocks,
                   self.random_block, self.flip_header, self.repeat_range, self.extend]
        turn = 0
        while len(self.entries) < count:
            damages[turn % len(damages)]()
            turn += 1
        self.entries = self.entries[:count]

    def boxes(self):
        position, found = 0, []
        while position + 8 <= len(self.sample) and len(found) < 6:
            length = int.from_bytes(self.sample[position:position + 4], "big")
            if length < 8 or not self.sample[position + 4:position + 8].isalpha():
                break
            position += length
            found.append(position)
        return found

    def make_special(self):
        sample = self.sample
        self.add("empty", b"")
        self.add("one-byte", b"\0")
        self.add("text", b"This is not a video.\n" * 200)
        self.add("script", b"ffconcat version 1.0\nfile /etc/passwd\nfile /etc/hostname\n")
        self.add("script", b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n")
        self.add("script", b"#EXTM3U\n#EXTINF:9,\nhttp://127.0.0.1:9/never.ts\n", ".m3u8")
        self.add("script", b"ffconcat version 1.0\nfile " + os.path.abspath(self.sample_path).encode() + b"\n", ".ffconcat")
        self.add("script", b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n"
                           b"a=rtpmap:96 H264/90000\n", ".sdp")
        self.add("json", b'{"v":1}' * 1000)
        for length in (16, 1000, 100_000, 1_000_000):
            self.add("random", self.random.randbytes(length))
        self.add("zeros", bytes(200_000))
        for extension in (".avi", ".mkv", ".jpg", ".png", ".txt", ".ts", ".y4m", ".h264", ".gif", ".mp3", ""):
            self.add("wrong-extension", sample, extension)
        for length in (1, 4, 8, 12, 16, 32, 64, 512):
            self.add("truncated", sample[:length])
        self.add("cut-beginning", sample[1000:])
        self.add("cut-beginning", sample[len(sample) // 2:])
        self.add("twice", sample + sample)
        tiny_png = bytes.fromhex(
            "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8ffff3f0005fe02fe"
            "0def46b80000000049454e44ae426082")
        self.add("image-as-video", tiny_png)
        self.add("image-damaged", tiny_png[:40], ".png")
        self.add("image-too-large", tiny_png[:16] + b"\xff\xff\xff\x7f" * 2 + tiny_png[24:], ".png")
        os.mkdir(self.path("folder"))
        os.mkdir(self.path("folder", ""))
        os.mkfifo(self.path("fifo"))
        os.symlink("nowhere.mp4", self.path("dangling-link"))
        loop = self.path("link-loop")
        os.symlink(os.path.basename(loop), loop)
        self.path("missing")
        if shutil.which("ffmpeg"):
            for extension, options in ((".mp4", ["-c:a", "aac"]), (".wav", []), (".mp4", ["-c:a", "aac", "-t", "0"])):
                subprocess.run(
                    ["ffmpeg", "-v", "quiet", "-f", "lavfi", "-i", "sine=duration=1", *options,
                     "-y", self.path("audio-only", extension)], check=False, stdin=subprocess.DEVNULL)

    def truncate(self):
        self.add("truncated", self.sample[:self.random.randrange(len(self.sample))])

    def flip_one(self):
        content = bytearray(self.sample)
        content[self.random.randrange(len(content))] ^= 1 << self.random.randrange(8)
        self.add("bit-flip", content)

    def flip_many(self):
        content = bytearray(self.sample)
        for _ in range(self.random.choice((10, 100, 1000, 10_000))):
            content[self.random.randrange(len(content))] ^= 1 << self.random.randrange(8)
        self.add("bit-flips", content)

    def flip_header(self):
        """The first and the last 4 KiB hold an MP4's tables."""
        content = bytearray(self.sample)
        reach = min(4096, len(content))
        for _ in range(self.random.choice((1, 3, 30))):
            place = self.random.randrange(reach)
            place = self.random.choice((place, len(content) - 1 - place))
            content[place] = self.random.choice((0, 255, 127, 128, self.random.randrange(256)))
        self.add("header-bytes", content)

    def span(self):
        length = min(len(self.sample), self.random.choice((16, 256, 4096, 65_536)))
        start = self.random.randrange(len(self.sample) - length + 1)
        return start, start + length

    def zero_block(self):
        start, end = self.span()
        self.add("zeroed-block", self.sample[:start] + bytes(end - start) + self.sample[end:])

    def random_block(self):
        start, end = self.span()
        self.add("random-block", self.sample[:start] + self.random.randbytes(end - start) + self.sample[end:])

    def delete_range(self):
        start, end = self.span()
        self.add("deleted-range", self.sample[:start] + self.sample[end:])

    def repeat_range(self):
        start, end = self.span()
        self.add("repeated-range", self.sample[:end] + self.sample[start:])

    def swap_blocks(self):
        (a, b), (c, d) = sorted((self.span(), self.span()))
        if b <= c:
            self.add("swapped-blocks", self.sample[:a] + self.sample[c:d] + self.sample[b:c] + self.sample[a:b] + self.sample[d:])
        else:
            self.add("swapped-blocks", self.sample[c:] + self.sample[:c])

    def extend(self):
        self.add("trailing-bytes", self.sample + self.random.randbytes(self.random.choice((1, 100, 100_000))))


def run_one(arguments, damage, path, output):
    command = [arguments.saccade, "track", path, "--model", arguments.model, "--json", "-o", output,
               "--threads", "1", *arguments.extra]
    environment = {**os.environ, "SWIFT_BACKTRACE": "enable=no", "NO_COLOR": "1"}
    start = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=environment, start_new_session=True)
    try:
        stdout, stderr = process.communicate(timeout=arguments.limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return damage, path, "hang", None, None, time.monotonic() - start, ""
    finally:
        for leftover in (output, output + ".part"):
            if os.path.exists(leftover):
                os.remove(leftover)
    seconds = time.monotonic() - start
    code = process.returncode
    stderr = stderr.decode(errors="replace")
    last = stderr.strip().splitlines()[-1:] or [""]
    if code < 0 or code >= 128:
        return damage, path, "crash", code, None, seconds, last[0]
    try:
        summary = json.loads(stdout or b"null")
    except ValueError:
        return damage, path, "untyped", code, None, seconds, "standard output is not one JSON summary"
    if code == 0:
        verdict = "ok" if isinstance(summary, dict) else "untyped"
        return damage, path, verdict, code, "-", seconds, "" if verdict == "ok" else "no JSON summary"
    said = REASON_LINE.findall(stderr)
    reason = said[-1] if said else None
    in_summary = summary.get("reason") if isinstance(summary, dict) else None
    typed = code in EXIT_CODES and reason in REASONS and in_summary == reason
    note = "" if typed else f"stderr reason {reason}, summary reason {in_summary}: {last[0]}"
    return damage, path, "ok" if typed else "untyped", code, reason, seconds, note


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saccade", required=True, help="the program")
    parser.add_argument("--sample", default="samples/bikes.mp4", help="the whole video to damage (make samples)")
    parser.add_argument("--model", default="weights/saccade-n.onnx")
    parser.add_argument("--files", type=int, default=300, help="how many files")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--limit", type=float, default=120, help="seconds for one file before it counts as a hang")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="files at a time")
    parser.add_argument("--seconds-of-video", type=float, default=1.0,
                        help="length of the sample to damage when ffmpeg is there; 0 takes the whole sample")
    parser.add_argument("--keep", metavar="FOLDER", help="leave the damaged files there")
    parser.add_argument("extra", nargs="*", help="further options of `saccade track`, after --")
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.keep or os.path.join(scratch, "files")
        os.makedirs(folder, exist_ok=False)
        sample = arguments.sample
        if arguments.seconds_of_video > 0 and shutil.which("ffmpeg"):
            sample = os.path.join(scratch, "short" + (os.path.splitext(arguments.sample)[1] or ".mp4"))
            subprocess.run(["ffmpeg", "-v", "error", "-i", arguments.sample, "-t", str(arguments.seconds_of_video),
                            "-c", "copy", "-fflags", "+bitexact", "-y", sample], check=True, stdin=subprocess.DEVNULL)
        corpus = Corpus(folder, sample, arguments.seed)
        corpus.make(arguments.files)
        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            outcomes = list(pool.map(
                lambda item: run_one(arguments, *item[1], os.path.join(scratch, f"out-{item[0]}.mp4")),
                enumerate(corpus.entries)))

    table = collections.Counter((code, reason) for _, _, verdict, code, reason, _, _ in outcomes if verdict == "ok")
    print("exit  reason        files")
    for (code, reason), count in sorted(table.items(), key=lambda row: (row[0][0], row[0][1] or "")):
        print(f"{code:4d}  {reason:12s}  {count:5d}")
    print("\ndamage             files  outcomes")
    by_damage = collections.defaultdict(collections.Counter)
    for damage, _, verdict, code, reason, _, _ in outcomes:
        by_damage[damage][f"{verdict.upper()}" if verdict != "ok" else "tracked" if code == 0 else reason] += 1
    for damage, counter in sorted(by_damage.items()):
        shown = ", ".join(f"{word} {count}" for word, count in counter.most_common())
        print(f"{damage:18s} {sum(counter.values()):5d}  {shown}")
    bad = [outcome for outcome in outcomes if outcome[2] != "ok"]
    for damage, path, verdict, code, _, seconds, note in bad:
        print(f"{verdict.upper()}: {os.path.basename(path)} exit {code} after {seconds:.1f} s: {note}")
    slowest = max(outcomes, key=lambda outcome: outcome[5])
    print(f"\nslowest: {os.path.basename(slowest[1])}, {slowest[5]:.1f} s")
    verdicts = collections.Counter(outcome[2] for outcome in outcomes)
    print(f"files={len(outcomes)} crash={verdicts['crash']} hang={verdicts['hang']} untyped={verdicts['untyped']}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
