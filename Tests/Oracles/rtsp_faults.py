#!/usr/bin/env python3
"""Drives the program through cycles of faults of an RTSP server and measures how soon it notices and comes back.

    rtsp_faults.py --saccade BINARY [--cycles 200] [--seed 1] [--transport tcp|udp]

A cycle is a second or two of pictures, one fault (see rtsp_server.py), and the return. The program writes JSON Lines
and events (`--progress json`), whose times of arrival count. Prints for each fault, and for all, p50, p95, p99 and the
largest of both delays in seconds: from the last picture sent to the notice that the source is lost, and from the first
key frame of the returned source, whether or not it could be fetched, to the first frame in the log in which was
detected. Wrong passwords are tried again each 30 s: these cycles are few, must be told with that reason and that wait,
and their returns count from the first key frame after the wait. Exits 1 when a p99 is above 2 s, when a cycle fails,
when frames are not conserved, or when the password is seen anywhere. 200 cycles take 18 minutes.
"""
import argparse
import json
import random
import re
import subprocess
import sys
import threading
import time

from rtsp_server import FAULTS, Server

PASSWORD = "canary-3141"
AUTHENTICATION_WAIT = 30


class Program:
    """The program, with the lines that it writes and when they came."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.frames, self.events, self.output, self.lines = [], [], [], 0
        self.readers = [threading.Thread(target=self.read_log), threading.Thread(target=self.read_events)]
        for reader in self.readers:
            reader.start()

    def read_log(self):
        for line in self.process.stdout:
            now = time.monotonic()
            self.output.append(line)
            self.lines += 1
            if json.loads(line).get("detected"):
                self.frames.append(now)

    def read_events(self):
        for line in self.process.stderr:
            now = time.monotonic()
            self.output.append(line)
            try:
                parsed = json.loads(line)
            except ValueError:
                continue
            if parsed.get("event") == "source":
                self.events.append((now, parsed))

    def first_frame(self, after):
        return next((t for t in self.frames[-200:] if t > after), None)

    def event(self, known, wanted):
        return next(((t, e) for t, e in self.events[known:] if wanted(e)), None)

    def end(self):
        self.process.send_signal(2)
        code = self.process.wait(20)
        for reader in self.readers:
            reader.join(5)
        return code, b"".join(self.output).decode(errors="replace")


def wait(condition, limit):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.002)
    return None


def run_cycle(server, program, fault, chance):
    """The delays of notice and return, and a word about the cycle; None for what did not come."""
    known = len(program.events)
    last = server.begin(fault)
    began = time.monotonic()
    lost = wait(lambda: program.event(known, lambda e: e["state"] in ("stalled", "backoff")), 8)
    if not lost:
        server.end()
        return None, None, "not noticed"
    after, note = lost[0], ""
    if fault == "auth":
        refused = wait(lambda: program.event(known, lambda e: e["state"] == "backoff" and e.get("reason") == "auth"), 8)
        server.end()
        if not refused:
            return lost[0] - last, None, "no refusal was told"
        again = wait(lambda: program.event(program.events.index(refused), lambda e: e["state"] == "connecting"),
                     AUTHENTICATION_WAIT + 5)
        waited = again[0] - refused[0] if again else 0
        note = f", tried again after {waited:.2f} s (it said {refused[1]['retry_s']:.2f} s)"
        if not AUTHENTICATION_WAIT - 0.1 < waited < AUTHENTICATION_WAIT + 1:
            return lost[0] - last, None, "the wait after a refusal was wrong" + note
        after = again[0]
        with server.lock:
            server.first_key = None
    elif fault not in ("close", "resize"):
        time.sleep(max(0, began + chance.uniform(0, 4) - time.monotonic()))
        note = f", away {time.monotonic() - began:4.1f} s"
    server.end()
    key = wait(lambda: server.first_key, 8)
    # The log holds frames from before for a moment: a frame counts that was written after the key frame was sent.
    back = wait(lambda: key and program.first_frame(max(key, after)), 15)
    return lost[0] - last, back - key if back else None, note


def figures(values):
    values = sorted(values)
    if not values:
        return "     -" * 4
    return "".join(f"{values[min(len(values) - 1, int(share * len(values)))]:6.2f}" for share in (0.5, 0.95, 0.99, 1))


def percentile99(values):
    return sorted(values)[min(len(values) - 1, int(0.99 * len(values)))] if values else float("inf")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saccade", required=True)
    parser.add_argument("--cycles", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model")
    parser.add_argument("--transport", default="tcp", choices=["tcp", "udp"])
    parser.add_argument("--faults", nargs="*", choices=list(FAULTS), help="these alone")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    began = time.monotonic()
    server = Server(PASSWORD)
    url = f"rtsp://admin:{PASSWORD}@127.0.0.1:{server.port}/x?password={PASSWORD}"
    command = [options.saccade, "track", url, "--progress", "json", "--save-jsonl", "-", "--rtsp-transport",
               options.transport]
    program = Program(command + (["--model", options.model] if options.model else []))
    wait(lambda: program.frames, 20)
    with open(f"/proc/{program.process.pid}/cmdline", "rb") as file:
        shown = file.read().decode(errors="replace")
    kinds = options.faults or [fault for fault in FAULTS if fault != "auth"]
    notices, returns, missing = {}, {}, 0
    for cycle in range(options.cycles):
        time.sleep(chance.uniform(0.8, 2))
        fault = kinds[cycle % len(kinds)]
        if not options.faults and cycle % 40 == 20:
            fault = "auth"
        noticed, returned, note = run_cycle(server, program, fault, chance)
        shows = lambda value: "never" if value is None else f"{value:5.2f} s"
        print(f"cycle {cycle:3} {fault:9} noticed after {shows(noticed)}, back {shows(returned)} after the first key "
              f"frame{note}", flush=True)
        if noticed is None or returned is None:
            missing += 1
            wait(lambda: program.first_frame(time.monotonic() - 0.2), 40)
            continue
        notices.setdefault(fault, []).append(noticed)
        returns.setdefault(fault, []).append(returned)
    code, text = program.end()
    server.close()
    print("\n".join(l for l in text.splitlines() if not l.startswith("{")))
    leaks = (text + shown).count(PASSWORD)
    summary = re.search(r"(\d+) frames in .*: (\d+) detected, (\d+) skipped, (\d+) corrupt, (\d+) dropped", text)
    read, detected, skipped, corrupt, dropped = (int(number) for number in summary.groups()) if summary else [0] * 5
    # Of live sources the frames that are not dropped are in the log, each on its line.
    conserved = read == detected + skipped + corrupt + dropped > 0 and program.lines == read - dropped
    print("fault      cycles   noticed: p50   p95   p99   max   back: p50   p95   p99   max")
    for fault in [*notices, "all"]:
        of = lambda delays: delays[fault] if fault != "all" else sum(delays.values(), [])
        print(f"{fault:10} {len(of(notices)):6}        {figures(of(notices))}       {figures(of(returns))}")
    late = [name for name, delays in (("notice", notices), ("return", returns))
            if percentile99(sum(delays.values(), [])) > 2]
    print(f"frames: {read} read = {detected} detected + {skipped} skipped + {corrupt} corrupt + {dropped} dropped; "
          f"{program.lines} lines of log")
    print(f"cycles={options.cycles} missing={missing} late={','.join(late) or 0} leaks={leaks} conserved={conserved} "
          f"exit={code} digest={server.authorized['Digest']} basic={server.authorized['Basic']} "
          f"seconds={time.monotonic() - began:.0f}")
    return 1 if late or missing or leaks or not conserved or code != 130 else 0


if __name__ == "__main__":
    sys.exit(main())
