#!/usr/bin/env python3
"""Lets the program publish to an RTSP server that fails, and checks that the picture arrives, and comes back.

    rtsp_publish.py --saccade BINARY [--cycles 12] [--model MODEL]

The server takes ANNOUNCE, SETUP and RECORD over TCP from who knows the password (Digest), and keeps the pictures. A
cycle is some seconds of pictures, one fault, and the return. The faults: it hangs up (close), refuses connections
(refuse), answers nothing (mute), or stops reading with the connection open (freeze). Prints p50, p95, p99 and maximum in
seconds of: from the server's return to the first key frame of the new connection; the gaps between two lines of the
log. Exits 1 when a return takes more than 3 s, when the faults held up the stage that writes (its p99 above 20 ms, or
half a second altogether), when a connection does not begin with a key frame, when what arrived does not decode, when
the published and the left out frames are not the frames of the log, when Ctrl-C before a frozen server takes more than
3 s, or when the password is seen anywhere.
"""
import argparse
import hashlib
import json
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

PASSWORD = "canary-2718"
NONCE = "4f1c"


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


class Recording:
    """The pictures of one connection, as a byte stream of H.264."""

    def __init__(self):
        self.annex_b = bytearray()
        self.first_units = []
        self.frames = 0
        self.began = None

    def take(self, packet):
        offset = 12 + 4 * (packet[0] & 15)
        payload, marker = packet[offset:], packet[1] & 128
        kind = payload[0] & 31
        if kind == 24:
            index = 1
            while index + 2 <= len(payload):
                size = int.from_bytes(payload[index:index + 2], "big")
                self.unit(payload[index + 2:index + 2 + size])
                index += 2 + size
        elif kind == 28:
            if payload[1] & 128:
                self.unit(bytes([payload[0] & 0xE0 | payload[1] & 31]) + payload[2:])
            else:
                self.annex_b += payload[2:]
        else:
            self.unit(payload)
        if marker:
            self.frames += 1

    def unit(self, unit):
        if self.frames == 0:
            self.first_units.append(unit[0] & 31)
            self.began = self.began or time.monotonic()
        self.annex_b += b"\0\0\0\1" + unit


class Server:
    def __init__(self):
        self.lock = threading.Lock()
        self.mode = "live"
        self.connections, self.recordings = [], []
        self.listener = None
        self.port = None
        self.listen()

    def listen(self):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        self.listener.bind(("127.0.0.1", self.port or 0))
        self.port = self.listener.getsockname()[1]
        self.listener.listen(8)
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections.append(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        pending, recording = b"", None
        try:
            while True:
                while self.mode == "freeze":
                    time.sleep(0.02)
                data = connection.recv(65536)
                if not data:
                    return
                pending += data
                while True:
                    if pending[:1] == b"$":
                        length = int.from_bytes(pending[2:4], "big") if len(pending) >= 4 else 1 << 20
                        if len(pending) < 4 + length:
                            break
                        # Even channels hold pictures, odd ones reports.
                        if recording and pending[1] == 0:
                            recording.take(pending[4:4 + length])
                        pending = pending[4 + length:]
                        continue
                    head, mark, rest = pending.partition(b"\r\n\r\n")
                    if not mark:
                        break
                    lines = head.decode().split("\r\n")
                    size = next((int(l.split(":")[1]) for l in lines if l.lower().startswith("content-length")), 0)
                    if len(rest) < size:
                        break
                    pending = rest[size:]
                    if self.mode != "mute" and self.answer(connection, lines):
                        recording = Recording()
                        with self.lock:
                            self.recordings.append(recording)
        except OSError:
            return

    def is_known(self, lines):
        method = lines[0].split()[0]
        given = next((l for l in lines if l.startswith("Authorization: Digest")), "")
        fields = dict(re.findall(r'(\w+)="([^"]*)"', given))
        wanted = md5(f"{md5(f'admin:r:{PASSWORD}')}:{NONCE}:{md5(method + ':' + fields.get('uri', ''))}")
        return fields.get("response") == wanted

    def answer(self, connection, lines):
        """Answers a request; whether pictures follow."""
        method = lines[0].split()[0]
        number = next(l for l in lines if l.lower().startswith("cseq"))
        status, extra = "200 OK", ""
        if method == "OPTIONS":
            extra = "Public: OPTIONS, ANNOUNCE, SETUP, RECORD, TEARDOWN\r\n"
        elif not self.is_known(lines):
            status, extra = "401 Unauthorized", f'WWW-Authenticate: Digest realm="r", nonce="{NONCE}"\r\n'
        elif method == "SETUP":
            extra = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1;mode=record\r\nSession: 42;timeout=60\r\n"
        elif method == "RECORD":
            extra = "Session: 42\r\n"
        connection.sendall(f"RTSP/1.0 {status}\r\n{number}\r\n{extra}\r\n".encode())
        return method == "RECORD" and status.startswith("200")

    def begin(self, fault):
        with self.lock:
            self.mode = fault
            if fault == "refuse":
                listener, self.listener = self.listener, None
                listener.shutdown(socket.SHUT_RDWR)
                listener.close()
            if fault in ("close", "refuse", "mute"):
                self.hang_up()

    def hang_up(self):
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.connections = []

    def end(self):
        with self.lock:
            if self.mode == "freeze":
                self.hang_up()
            self.mode = "live"
        if self.listener is None:
            self.listen()


def percentiles(values):
    values = sorted(values) or [float("inf")]
    at = lambda share: values[min(len(values) - 1, int(share * len(values)))]
    return f"n={len(values)} p50={at(0.5):.2f} p95={at(0.95):.2f} p99={at(0.99):.2f} max={values[-1]:.2f}"


def wait(condition, limit):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.002)
    return None


class Run:
    """The program before its server; what it says, with the times when it said it."""

    def __init__(self, options, url, *more):
        # Rich pictures: a server that does not read is noticed when the system's buffers are full.
        command = [options.saccade, "track", "lavfi:testsrc2=size=640x360:rate=25", "-o", url, "--progress", "json",
                   "--save-jsonl", "-", "--crf", "3", "--preset", "ultrafast", *more]
        self.program = subprocess.Popen(command + (["--model", options.model] if options.model else []),
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines, self.events, self.output = [], [], []
        self.readers = [threading.Thread(target=self.read_log), threading.Thread(target=self.read_messages)]
        for reader in self.readers:
            reader.start()

    def read_log(self):
        for line in self.program.stdout:
            self.lines.append(time.monotonic())
            self.output.append(line)

    def read_messages(self):
        for line in self.program.stderr:
            self.output.append(line)
            if line.startswith(b"{"):
                event = json.loads(line)
                if event.get("event") == "output":
                    self.events.append(event)

    def end(self, stops=True):
        """Ends it and returns its code and how long that took."""
        start = time.monotonic()
        if stops:
            self.program.send_signal(signal.SIGINT)
        code = self.program.wait(30)
        took = time.monotonic() - start
        for reader in self.readers:
            reader.join(5)
        return code, took

    @property
    def text(self):
        return b"".join(self.output).decode(errors="replace")


def decodes(recording):
    """Whether FFmpeg decodes it without an error, and how many frames come out."""
    with tempfile.NamedTemporaryFile(suffix=".h264") as file:
        file.write(recording.annex_b)
        file.flush()
        # The last picture of a connection that broke may be half there.
        result = subprocess.run(
            ["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames,width,height", "-of",
             "csv=p=0", file.name], capture_output=True, text=True)
    numbers = result.stdout.strip().split(",")
    errors = [l for l in result.stderr.splitlines() if l]
    return numbers[:2] == ["640", "360"] and int(numbers[2]) >= recording.frames - 1, errors


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--saccade", required=True)
    parser.add_argument("--cycles", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    failures = []

    def check(condition, text):
        if not condition:
            failures.append(text)
            print("FAILED:", text)

    server = Server()
    run = Run(options, f"rtsp://admin:{PASSWORD}@127.0.0.1:{server.port}/x?password={PASSWORD}")
    check(wait(lambda: server.recordings and server.recordings[0].frames, 20), "the first picture did not arrive")
    seen = open(f"/proc/{run.program.pid}/cmdline", "rb").read().decode()
    returns = []
    kinds = ["close", "refuse", "mute", "freeze"]
    for cycle in range(options.cycles):
        time.sleep(chance.uniform(0.8, 2.5))
        fault = kinds[cycle % len(kinds)]
        known, before, began = len(run.events), len(server.recordings), time.monotonic()
        server.begin(fault)
        lost = wait(lambda: any(e["state"] == "backoff" for e in run.events[known:]), 30)
        noticed = time.monotonic() - began
        check(lost, f"cycle {cycle}: {fault} was not noticed")
        if fault == "close":
            ended = began
        else:
            time.sleep(chance.uniform(0, 3))
            ended = time.monotonic()
        server.end()
        back = wait(lambda: next((r.began for r in server.recordings[before:] if r.began), None), 20)
        check(back, f"cycle {cycle}: the stream did not come back")
        if back:
            returns.append(back - ended)
            print(f"cycle {cycle:3} {fault:7} told after {noticed:5.2f} s, back {back - ended:5.2f} s after the server")
            sys.stdout.flush()
    time.sleep(1)
    code, _ = run.end()
    check(code == 130, f"exit code {code}")
    print("\n".join(l for l in run.text.splitlines() if not l.startswith("{")))
    gaps = [b - a for a, b in zip(run.lines, run.lines[1:])]
    print(f"return {percentiles(returns)}\ngaps of the log {percentiles(gaps)}")
    check(max(returns, default=9) <= 3, "a return took too long")
    stage = re.search(r"^  encode +\d+ +([\d.]+) ms +([\d.]+) ms +([\d.]+) ms +([\d.]+) s", run.text, re.M)
    check(stage and float(stage[3]) <= 20 and float(stage[4]) <= 0.5, "the writing of the run was held up")
    for number, recording in enumerate(server.recordings):
        if recording.frames > 1:
            check({5, 7, 8} <= set(recording.first_units), f"connection {number} begins with {recording.first_units}")
            complete, errors = decodes(recording)
            check(complete, f"connection {number}: not all frames decode")
            # A connection that broke ends in the middle of a picture.
            check(len(errors) <= 3, f"connection {number}: {errors[:2]}")
    found = re.search(r"published (\d+) frames(?:, left out ([^;\n]*))?", run.text)
    check(found, "the summary does not tell of the stream")
    if found:
        sent, left = int(found[1]), sum(int(n) for n in re.findall(r"\d+", found[2] or ""))
        arrived = sum(r.frames for r in server.recordings)
        print(f"log {len(run.lines)} lines, published {sent}, left out {left}, arrived {arrived}")
        check(sent + left == len(run.lines), "frames are not conserved")
        check(arrived <= sent and arrived > 0, "more arrived than was sent")

    # Ctrl-C before a server that does not read.
    run2 = Run(options, f"rtsp://admin:{PASSWORD}@127.0.0.1:{server.port}/x")
    before = len(server.recordings)
    wait(lambda: len(server.recordings) > before and server.recordings[-1].frames > 5, 20)
    server.begin("freeze")
    time.sleep(4)
    code, took = run2.end()
    server.end()
    print(f"Ctrl-C before a frozen server: {took:.2f} s, code {code}")
    check(code == 130 and took < 3, "Ctrl-C was held up")

    # A wrong password: said so, and the run goes on.
    run3 = Run(options, f"rtsp://admin:{PASSWORD}-wrong@127.0.0.1:{server.port}/x", "-t", "3")
    code, _ = run3.end(stops=False)
    reasons = [e.get("reason") for e in run3.events]
    print(f"wrong password: code {code}, {reasons}")
    check(code == 0 and reasons == ["auth"], "a wrong password is not told as such")

    leaks = sum(text.count(PASSWORD) for text in (run.text, run2.text, run3.text, seen))
    check(leaks == 0, f"the password was seen {leaks} times")
    print("ok" if not failures else f"{len(failures)} failures")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
