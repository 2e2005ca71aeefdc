#!/usr/bin/env python3
"""Looks for a password that the program was given in everything that it writes and that the system shows of it.

    canary.py --saccade BINARY

Runs the program over RTSP and HTTP with the password as user information, percent-encoded and as a token of the query;
with servers that work, refuse connections or the password, redirect, fall silent, or cannot be reached; by every
subcommand; with arguments that make no sense. Reads standard output and error, every file, and the arguments of the
program and all processes below it. The password is looked for as it is, percent-encoded, and in Base64. What a process
shows between its start and its first instruction is the system's: in arguments it counts after 50 ms, and how long it
could be seen is told; with `env:NAME` it must never be seen. Prints a line for each run, exits 1 when something was
found, or when a run did not do what it is meant to.
"""
import argparse
import base64
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

import http_server
import rtsp_server

PASSWORD = "CANARY-7f3a"
ENCODED = "CANARY%2D7f3a"
FULLY = "".join(f"%{byte:02X}" for byte in PASSWORD.encode())
GRACE = 0.05


def needles():
    words = {PASSWORD, ENCODED, FULLY, urllib.parse.quote(ENCODED), PASSWORD.replace("-", "%252D")}
    for user in ("admin", "", "x"):
        for password in (PASSWORD, ENCODED):
            words.add(base64.b64encode(f"{user}:{password}".encode()).decode().rstrip("=")[:-1])
    # Inside of other Base64, at each of the three places that its first letter can have.
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + PASSWORD.encode()).decode().rstrip("=")
        words.add(text[(0, 2, 3)[shift]:-1])
    return [word.lower().encode() for word in words]


NEEDLES = needles()


def found_in(data):
    data = data.lower()
    return any(needle in data for needle in NEEDLES)


def processes_below(pid):
    """The process and all that came of it."""
    found, waiting = [], [pid]
    while waiting:
        process = waiting.pop()
        found.append(process)
        try:
            for thread in os.listdir(f"/proc/{process}/task"):
                with open(f"/proc/{process}/task/{thread}/children", encoding="ascii") as file:
                    waiting += [int(child) for child in file.read().split()]
        except OSError:
            pass
    return found


def arguments_of(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read()
    except OSError:
        return b""


class Run:
    def __init__(self, saccade, folder, arguments, environment, seconds):
        self.outputs, self.seen, self.seen_until, self.shown = [], 0, 0.0, b""
        streams = [open(os.path.join(folder, name), "w+b") for name in ("stdout", "stderr")]
        began = time.monotonic()
        process = subprocess.Popen([saccade, *arguments], cwd=folder, stdin=subprocess.DEVNULL, stdout=streams[0],
                                   stderr=streams[1], env={**os.environ, **environment})
        signalled = False
        while process.poll() is None:
            now = time.monotonic() - began
            for pid in processes_below(process.pid):
                shown = arguments_of(pid)
                if b"://" in shown:
                    self.shown = shown
                if found_in(shown):
                    self.seen += 1
                    self.seen_until = max(self.seen_until, now)
            if now > seconds and not signalled:
                process.send_signal(2)
                signalled = True
            if now > seconds + 20:
                process.kill()
            if now > 2 * GRACE:
                time.sleep(0.02)
        self.code = process.returncode
        self.text = b""
        for stream in streams:
            stream.seek(0)
            self.text += stream.read()
            stream.close()
        self.leaks = []
        for root, _, files in os.walk(folder):
            for name in files:
                path = os.path.join(root, name)
                if found_in(name.encode()):
                    self.leaks.append(name)
                with open(path, "rb") as file:
                    if found_in(file.read()):
                        self.leaks.append(os.path.relpath(path, folder))
                self.outputs.append(os.path.relpath(path, folder))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saccade", required=True)
    parser.add_argument("--seconds", type=float, default=2.5, help="how long a run over a live source lasts")
    options = parser.parse_args()
    saccade = os.path.abspath(options.saccade)
    camera = rtsp_server.Server(PASSWORD, sizes=("320x240", "320x256"))
    refusing = rtsp_server.Server("another", sizes=("320x240",))
    mute = rtsp_server.Server(PASSWORD, sizes=("320x240",))
    mute.begin("mute")
    web, web_refusing = http_server.Server(PASSWORD), http_server.Server("another")
    web_tls = http_server.Server(PASSWORD, tls=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = free.getsockname()[1]
    listing = tempfile.NamedTemporaryFile("w", suffix=".streams")
    listing.write(f"rtsp://admin:{PASSWORD}@127.0.0.1:{camera.port}/x?token={PASSWORD}\n"
                  f"gate = rtsp://admin:{PASSWORD}@127.0.0.1:{refusing.port}/x\n")
    listing.flush()
    everything = ["-o", "video.mp4", "--save-jsonl", "log.jsonl", "--save-csv", "log.csv", "--save-mot", "log.txt",
                  "--save-coco", "log.json", "--save-txt", "labels"]
    rtsp = lambda secret, port: f"rtsp://admin:{secret}@127.0.0.1:{port}/x?token={secret}"
    http = lambda path, port, secret=PASSWORD: f"http://admin:{secret}@127.0.0.1:{port}/{path}?token={secret}"
    # What the run is called, its arguments, its environment, how it ends, and a word that it must say.
    interrupted, live = 130, b'"state":"live"'
    runs = []
    for name, secret in [("plain", PASSWORD), ("percent", ENCODED)]:
        runs += [
            (f"rtsp works, {name}", ["track", rtsp(secret, camera.port), *everything], {}, interrupted, live),
            (f"http works, {name}", ["track", http("live.ts", web.port, secret), *everything], {}, interrupted, live),
            (f"rtsp refuses connections, {name}", ["track", rtsp(secret, closed)], {}, interrupted, b'"refused"'),
            (f"rtsp refuses the password, {name}", ["track", rtsp(secret, refusing.port)], {}, interrupted, b'"auth"'),
            (f"http refuses the password, {name}", ["track", http("live.ts", web_refusing.port, secret)], {},
             interrupted, b'"auth"'),
        ]
    runs += [
        ("rtsp works, in the environment", ["track", "env:CAMERA", *everything],
         {"CAMERA": rtsp(PASSWORD, camera.port)}, interrupted, live),
        ("http refuses, in the environment", ["track", "env:CAMERA"],
         {"CAMERA": http("live.ts", web_refusing.port)}, interrupted, b'"auth"'),
        ("the environment holds no source", ["track", "env:CAMERA"], {"CAMERA": f"admin:{PASSWORD}"}, 65, b"CAMERA"),
        ("rtsp works, summary", ["track", rtsp(PASSWORD, camera.port), "--json", "-t", "1"], {}, 0, b'"frames"'),
        ("rtsp works, lines", ["track", rtsp(PASSWORD, camera.port), "--progress", "plain"], {}, interrupted, b"live"),
        ("rtsp mute", ["track", rtsp(PASSWORD, mute.port)], {}, interrupted, b'"connecting"'),
        ("rtsp works, in a process of its own", ["track", rtsp(PASSWORD, camera.port), "--isolate", *everything], {},
         interrupted, live),
        ("rtsp refuses the password, in a process of its own", ["track", rtsp(PASSWORD, refusing.port), "--isolate"], {},
         interrupted, b'"auth"'),
        ("rtsp works, in a list", ["track", listing.name, "--isolate", "-o", "videos/", "--save-jsonl", "log.jsonl"], {},
         interrupted, live),
        ("rtsp over udp", ["track", rtsp(PASSWORD, camera.port), "--rtsp-transport", "udp"], {}, interrupted, live),
        ("rtsp unreachable", ["track", f"rtsp://admin:{PASSWORD}@192.0.2.1/x"], {}, interrupted, b'"connecting"'),
        ("rtsp unknown host", ["track", f"rtsp://admin:{PASSWORD}@no-such-host.invalid/x"], {}, interrupted,
         b'"backoff"'),
        ("rtsps to a server without", ["track", f"rtsps://admin:{PASSWORD}@127.0.0.1:{camera.port}/x"], {},
         interrupted, b'"connecting"'),
        ("rtsp, secret in the path",
         ["track", f"rtsp://127.0.0.1:{refusing.port}/user=admin_password={PASSWORD}_channel=1.sdp"], {}, interrupted,
         b'"auth"'),
        ("rtsp, ends at the loss", ["track", rtsp(PASSWORD, refusing.port), "--exit-on-source-loss", "--json"], {}, 77,
         b'"reason":"auth"'),
        ("http mjpeg", ["track", http("mjpeg", web.port), *everything], {}, interrupted, live),
        ("http redirects", ["track", http("redirect", web.port)], {}, interrupted, b'"event"'),
        ("http not found", ["track", http("nothing", web.port)], {}, interrupted, b'"not_found"'),
        ("http mute", ["track", http("mute", web.port)], {}, interrupted, b'"connecting"'),
        ("https works", ["track", http("live.ts", web_tls.port).replace("http:", "https:")], {}, interrupted, live),
        ("tcp refuses", ["track", f"tcp://admin:{PASSWORD}@127.0.0.1:{closed}"], {}, interrupted, b'"refused"'),
        ("a scheme that is not read", ["track", f"ftp://admin:{PASSWORD}@127.0.0.1/x"], {}, 65, b"ftp"),
        ("an argument too many", ["track", "lavfi:testsrc2", rtsp(PASSWORD, camera.port)], {}, 64, b"Error"),
        ("no such option", ["track", "lavfi:testsrc2", f"--source={rtsp(PASSWORD, camera.port)}"], {}, 64, b"Error"),
        ("no such value", ["track", "lavfi:testsrc2", "--fps", rtsp(PASSWORD, camera.port)], {}, 64, b"Error"),
        ("a log that is a url", ["track", "lavfi:testsrc2", "--save-jsonl", http("x.jsonl", web.port)], {}, None, b""),
        ("a model that is a url", ["track", "lavfi:testsrc2", "--model", http("x.onnx", web.port)], {}, None, b"error"),
        ("detect", ["detect", rtsp(PASSWORD, refusing.port), "-o", "marked"], {}, None, b""),
        ("inspect", ["inspect", http("x.onnx", web.port)], {}, None, b"rror"),
        ("render", ["render", rtsp(PASSWORD, closed), http("x.jsonl", web.port), "-o", "x.mp4"], {}, None, b"rror"),
        ("quantize", ["quantize", http("x.onnx", web.port), "--calibration", http("x", web.port), "-o",
                      http("y.onnx", web.port)], {}, None, b"rror"),
        ("eval", ["eval", "det", "--gt", http("x", web.port), "--dt", http("y", web.port)], {}, None, b"rror"),
        ("benchmark", ["benchmark", "track", rtsp(PASSWORD, closed)], {}, None, b""),
    ]
    bad, longest = 0, 0.0
    for name, arguments, environment, code, word in runs:
        if arguments[0] == "track" and "--progress" not in arguments:
            arguments = [*arguments, "--progress", "json"]
        with tempfile.TemporaryDirectory() as folder:
            run = Run(saccade, folder, arguments, environment, options.seconds)
        complaints = [f"found in {leak}" for leak in run.leaks]
        if run.seen_until > GRACE or environment and run.seen:
            complaints.append(f"in the arguments after {run.seen_until * 1000:.0f} ms")
        if code is not None and run.code != code or word not in run.text:
            complaints.append(f"ended with {run.code}, or did not say {word.decode()}:\n" + run.text.decode()[-600:])
        longest = max(longest, run.seen_until)
        bad += bool(complaints)
        print(f"{name:36} exit {run.code:3}, {len(run.outputs)} files: {'; '.join(complaints) or 'not found'}",
              flush=True)

    # How long the system shows the arguments: processes that end at once, looked at without a pause.
    times = []
    for _ in range(50):
        began = time.monotonic()
        last = 0.0
        with subprocess.Popen([saccade, "track", rtsp(PASSWORD, closed), "--no-such-option"], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as process:
            while process.poll() is None and time.monotonic() - began < 2 * GRACE:
                if found_in(arguments_of(process.pid)):
                    last = time.monotonic() - began
            process.kill()
        times.append(last * 1000)
    times.sort()
    print(f"arguments shown by the system at a start: p50 {times[25]:.1f} ms, max {times[-1]:.1f} ms after the start")
    for server in (camera, refusing, mute, web, web_refusing, web_tls):
        server.close()
    print(f"runs={len(runs)} bad={bad} longest={longest * 1000:.1f}ms")
    return 1 if bad or times[-1] > GRACE * 1000 else 0


if __name__ == "__main__":
    sys.exit(main())
