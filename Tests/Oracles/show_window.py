#!/usr/bin/env python3
"""Runs the program with --show on a screen in memory (Xvfb) and looks at what is there.

    show_window.py --saccade BINARY [--model MODEL] [--image IMAGE] [--keep FOLDER]

Compares the window with what -o wrote: the areas of a test picture of a live source, and an annotated image pixel by
pixel. Then: a screen that hangs must not hold up a live source, one that goes away must end the run in good order, and
without one the program must say so and exit with 69. With xdotool: q ends the run, its video complete. Skips by name
what is missing. --keep stores the screenshots as PPM files. Exits 1 when a check fails.
"""
import argparse
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

WIDTH, HEIGHT = 1024, 768
REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Screen:
    """An X server whose screen is a file."""

    def __init__(self, folder):
        self.folder = folder
        read, write = os.pipe()
        # Not at rest between two clients: what is seen stays there.
        self.process = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-fbdir", folder, "-noreset"],
            pass_fds=[write], stderr=subprocess.DEVNULL)
        os.close(write)
        self.name = ":" + os.read(read, 16).decode().strip()

    def shot(self):
        """Rows of red, green and blue of the whole screen."""
        data = open(os.path.join(self.folder, "Xvfb_screen0"), "rb").read()
        header = struct.unpack(">25I", data[:100])
        size, width, height, order, bits, stride, colors = (header[i] for i in (0, 4, 5, 7, 11, 12, 19))
        assert (width, height, bits) == (WIDTH, HEIGHT, 32)
        pixels = data[size + 12 * colors:][:stride * height]
        planes = (2, 1, 0) if order == 0 else (1, 2, 3)
        rows = []
        for y in range(height):
            row = pixels[y * stride:y * stride + 4 * width]
            out = bytearray(3 * width)
            for channel, plane in enumerate(planes):
                out[channel::3] = row[plane::4]
            rows.append(bytes(out))
        return rows

    def end(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        self.process.wait()


def mean(rows, left, top, width, height):
    count = width * height
    return [sum(sum(row[3 * left + c:3 * (left + width):3]) for row in rows[top:top + height]) / count for c in range(3)]


def decoded(path, filters=None):
    """The last frame of a video, or an image, as rows of red, green and blue."""
    command = ["ffmpeg", "-v", "error", "-i", path, "-vf", filters or "null", "-update", "1", "-f", "image2", "-c:v", "ppm", "-"]
    data = subprocess.run(command, capture_output=True, check=True).stdout
    data = data[data.rindex(b"P6\n"):]
    width, height = map(int, data.split(b"\n", 2)[1].split())
    body = data.split(b"\n", 3)[3]
    return [body[y * 3 * width:(y + 1) * 3 * width] for y in range(height)]


def lines(path):
    return open(path).read().count("\n") if os.path.exists(path) else 0


def wait(condition, limit=20):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--saccade", required=True)
    parser.add_argument("--model", default=os.path.join(REPOSITORY, "weights/saccade-n.onnx"))
    parser.add_argument("--image", default=os.path.join(REPOSITORY, "samples/tracked-frame.jpg"))
    parser.add_argument("--keep")
    options = parser.parse_args()
    failures = []

    def check(condition, text):
        print("ok    " if condition else "FAILED", text)
        if not condition:
            failures.append(text)

    bare = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")}

    def start(display, *arguments):
        return subprocess.Popen([options.saccade, *arguments, "--model", options.model],
                                env={**bare, "DISPLAY": display} if display else bare,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def finish(program, limit=20):
        try:
            _, text = program.communicate(timeout=limit)
            return program.returncode, text
        except subprocess.TimeoutExpired:
            program.kill()
            return None, program.communicate()[1]

    code, text = finish(start(None, "track", "lavfi:testsrc2", "--show"))
    check(code == 69 and "DISPLAY" in text, f"without a screen: exit {code}, {text.strip().splitlines()[-1]}")
    code, text = finish(start(":4711", "track", "lavfi:testsrc2", "--show"))
    check(code == 69 and "screen" in text, f"with a wrong screen: exit {code}, {text.strip().splitlines()[-1]}")

    if not shutil.which("Xvfb"):
        print("skipped: Xvfb is missing (Debian: xvfb)")
        sys.exit(1 if failures else 0)

    with tempfile.TemporaryDirectory() as folder:
        screen = Screen(folder)

        def keep(name, rows):
            if options.keep:
                with open(os.path.join(options.keep, name + ".ppm"), "wb") as file:
                    file.write(b"P6\n%d %d\n255\n" % (WIDTH, HEIGHT) + b"".join(rows))

        # A live source that stands still, in the middle of the screen.
        for matrix, name in (("smpte170m", "smptebars"), ("bt709", "smptehdbars")):
            video, clip = os.path.join(folder, name + ".mkv"), os.path.join(folder, name + ".mp4")
            scale = "bt601" if matrix == "smpte170m" else matrix
            subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"{name}=size=640x360:rate=25:duration=8", "-vf",
                            f"scale=out_color_matrix={scale}:out_range=tv,format=yuv420p", "-colorspace", matrix,
                            "-color_range", "tv", "-c:v", "libx264", "-crf", "5", clip], check=True)
            program = start(screen.name, "track", clip, "--realtime", "--show", "--conf", "0.99", "-o", video)
            left, top = (WIDTH - 640) // 2, (HEIGHT - 360) // 2
            check(wait(lambda: max(screen.shot()[top + 100][3 * left:3 * left + 1920]) > 0), f"{name}: a window is there")
            time.sleep(0.5)
            rows = screen.shot()
            keep(name, rows)
            code, text = finish(program)
            check(code == 0, f"{name}: exit {code}")
            frame = decoded(video, f"scale=in_color_matrix={scale}:in_range=tv")
            worst = 0
            for x in range(20, 620, 50):
                for y in (60, 250, 320):
                    a, b = mean(rows, left + x, top + y, 12, 12), mean(frame, x, y, 12, 12)
                    worst = max(worst, *(abs(p - q) for p, q in zip(a, b)))
            # An area may lie across two bars.
            check(worst <= 8, f"{name}: colours differ by at most {worst:.1f} of 255")

        # An image: it stays until a key is pressed or the run is ended.
        marked = os.path.join(folder, "marked.png")
        program = start(screen.name, "detect", options.image, "--show", "--conf", "0.3", "-o", marked)
        check(wait(lambda: os.path.exists(marked)), "the annotated image was written")
        time.sleep(1.5)
        rows, frame = screen.shot(), decoded(marked)
        keep("image", rows)
        check(program.poll() is None, "the window of an image stays")
        width, height = len(frame[0]) // 3, len(frame)
        scale = min(1, WIDTH * 0.95 / width, HEIGHT * 0.9 / height)
        shown = [mean(frame, 0, 0, width, height)]
        seen = (round(width * scale), round(height * scale))
        shown.append(mean(rows, (WIDTH - seen[0]) // 2, (HEIGHT - seen[1]) // 2, *seen))
        worst = max(abs(a - b) for a, b in zip(*shown))
        check(worst <= 3, f"the window shows the image of {width}x{height} at {seen[0]}x{seen[1]}, mean colour within {worst:.1f}")
        program.send_signal(signal.SIGINT)
        code, text = finish(program)
        check(code == 130, f"Ctrl-C closes it: exit {code}")

        # Keys.
        live = "lavfi:testsrc2=size=320x240:rate=25"
        if shutil.which("xdotool"):
            video = os.path.join(folder, "keys.mp4")
            program = start(screen.name, "track", live, "--show", "-o", video)
            environment = {**bare, "DISPLAY": screen.name}
            find = lambda: subprocess.run(["xdotool", "search", "--name", "lavfi"], env=environment, capture_output=True,
                                          text=True).stdout.split()
            wait(find)
            time.sleep(1)
            for window in find():
                subprocess.run(["xdotool", "key", "--window", window, "q"], env=environment)
            code, text = finish(program)
            check(code == 0, f"q ends the run: exit {code}")
            check(len(decoded(video)) == 240, "the video is complete")
        else:
            print("skipped: xdotool is missing")

        # A screen that hangs for two seconds.
        log = os.path.join(folder, "hang.jsonl")
        program = start(screen.name, "track", live, "--show", "--save-jsonl", log)
        part = log + ".part"
        wait(lambda: lines(part) > 30)
        before = lines(part)
        time.sleep(2)
        usual = lines(part) - before
        screen.process.send_signal(signal.SIGSTOP)
        before = lines(part)
        time.sleep(2)
        grown = lines(part) - before
        screen.process.send_signal(signal.SIGCONT)
        check(grown >= 0.7 * usual, f"while the screen hung for 2 s the log grew by {grown} lines, {usual} before")
        # And one that hangs at the end.
        time.sleep(0.5)
        screen.process.send_signal(signal.SIGSTOP)
        program.send_signal(signal.SIGINT)
        began = time.monotonic()
        code, text = finish(program)
        check(code == 130, f"before a hanging screen the run ended after {time.monotonic() - began:.1f} s: exit {code}")
        screen.process.send_signal(signal.SIGCONT)

        # A screen that goes away.
        video = os.path.join(folder, "gone.mp4")
        log = os.path.join(folder, "gone.jsonl")
        program = start(screen.name, "track", live, "--show", "-o", video, "--save-jsonl", log)
        wait(lambda: lines(log + ".part") > 30)
        screen.end()
        code, text = finish(program)
        check(code == 69 and "went away" in text, f"a screen that goes away: exit {code}, {text.strip().splitlines()[-1]}")
        check(len(decoded(video)) == 240 and lines(log) > 30, "video and log are complete")
    print("ok" if not failures else f"{len(failures)} failures")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
