#!/usr/bin/env python3
"""Drives the program through cycles of faults of an RTSP server and measures how soon it notices and comes back.

    rtsp_faults.py --saccade BINARY [--cycles 40] [--seed 1]

A cycle is some seconds of pictures, one fault, and the return. The faults: the server falls silent with the connection
open (stall), hangs up (close), refuses connections (refuse), sends garbage in place of pictures (garbage), answers
nothing (mute), or comes back with pictures of another size (resize). The server speaks RTSP over TCP on the loopback;
its pictures come from `ffmpeg`. The program writes JSON Lines and events (`--progress json`), whose times of arrival
count. Prints p50, p95, p99 of both delays in seconds: from the last picture sent to the notice that the source is lost,
and from the first key frame that could be fetched again to the first frame in the log. Exits 1 when a p99 is above 2 s,
when frames are not conserved, or when the password is seen anywhere.
"""
import argparse
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time

PASSWORD = "canary-3141"


class Camera:
    """Pictures of one size as RTP packets; a key frame each half second, with its parameter sets."""

    def __init__(self, size, deliver):
        self.inlet = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.inlet.bind(("127.0.0.1", 0))
        port = self.inlet.getsockname()[1]
        command = f"ffmpeg -v error -nostdin -re -f lavfi -i testsrc2=s={size}:r=25 -c:v libx264 -threads 1 -tune zerolatency " \
            f"-preset ultrafast -g 12 -bsf:v dump_extra=freq=k -f rtp rtp://127.0.0.1:{port}?pkt_size=1200"
        self.process = subprocess.Popen(command.split(), stdout=subprocess.PIPE, text=True)
        lines = []
        for line in self.process.stdout:
            lines.append(line.strip())
            if line.startswith("a=fmtp") or len(lines) > 12:
                break
        # Without parameter sets: they come with each key frame.
        lines = [l for l in lines if l and not l.startswith(("SDP", "c=", "a=tool"))]
        lines = [l.split("; sprop")[0] for l in lines]
        self.sdp = "\r\n".join("m=video 0 RTP/AVP 96" if l.startswith("m=") else l for l in lines) + "\r\na=control:trackID=0\r\n"
        threading.Thread(target=self.pump, args=(deliver,), daemon=True).start()

    def pump(self, deliver):
        while True:
            deliver(self, self.inlet.recv(65536))


def begins_key_frame(packet):
    """Whether an RTP packet holds a sequence parameter set (alone or in an aggregate)."""
    kind = packet[12] & 31
    return kind == 7 or kind == 24 and packet[15] & 31 == 7


class Server:
    def __init__(self):
        self.lock = threading.Lock()
        self.mode = "live"
        self.clients = []
        self.connections = []
        self.last_sent = self.first_key = self.current = None
        self.cameras = [Camera("640x360", self.deliver), Camera("480x272", self.deliver)]
        self.current = self.cameras[0]
        self.listener = None
        self.port = None
        self.listen()

    def listen(self):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
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
            if listener is not self.listener:
                connection.close()
                return
            with self.lock:
                self.connections.append(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def deliver(self, camera, packet):
        with self.lock:
            if camera is not self.current:
                return
            if self.mode in ("live", "resize"):
                # From here on a client that is connected can decode.
                if self.first_key is None and begins_key_frame(packet):
                    self.first_key = time.monotonic()
            elif self.mode != "garbage":
                return
            for client in list(self.clients):
                body = os.urandom(len(packet)) if self.mode == "garbage" else packet
                try:
                    client.sendall(b"$\0" + len(body).to_bytes(2, "big") + body)
                    if self.mode != "garbage":
                        self.last_sent = time.monotonic()
                except OSError:
                    self.clients.remove(client)

    def serve(self, connection):
        pending = b""
        try:
            while True:
                data = connection.recv(65536)
                if not data:
                    return
                pending += data
                while pending[:1] == b"$" and len(pending) >= 4:
                    length = int.from_bytes(pending[2:4], "big")
                    if len(pending) < 4 + length:
                        break
                    pending = pending[4 + length:]
                while pending[:1] != b"$" and b"\r\n\r\n" in pending:
                    head, pending = pending.split(b"\r\n\r\n", 1)
                    self.answer(connection, head.decode().split("\r\n"))
        except OSError:
            return

    def answer(self, connection, lines):
        if self.mode in ("mute", "stall"):
            return
        method = lines[0].split()[0]
        number = next(l for l in lines if l.lower().startswith("cseq"))
        body, extra = "", ""
        with self.lock:
            if method == "OPTIONS":
                extra = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER\r\n"
            elif method == "DESCRIBE":
                body = self.current.sdp
                extra = f"Content-Type: application/sdp\r\nContent-Base: rtsp://127.0.0.1:{self.port}/x/\r\nContent-Length: {len(body)}\r\n"
            elif method == "SETUP":
                extra = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 42;timeout=60\r\n"
            elif method == "PLAY":
                extra = "Session: 42\r\n"
            connection.sendall(f"RTSP/1.0 200 OK\r\n{number}\r\n{extra}\r\n{body}".encode())
            if method == "PLAY":
                self.clients.append(connection)

    def begin(self, fault):
        with self.lock:
            self.mode = fault
            self.first_key = None
            if fault in ("close", "refuse", "mute", "resize"):
                if fault == "refuse":
                    listener, self.listener = self.listener, None
                    listener.shutdown(socket.SHUT_RDWR)
                    listener.close()
                for connection in self.connections:
                    try:
                        connection.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        pass
                self.connections, self.clients = [], []
                if fault == "resize":
                    self.current = self.cameras[1 - self.cameras.index(self.current)]
            return self.last_sent

    def end(self):
        with self.lock:
            self.mode = "live"
            self.first_key = None
        if self.listener is None:
            self.listen()


def percentiles(values):
    values = sorted(values) or [float("inf")]
    at = lambda share: values[min(len(values) - 1, int(share * len(values)))]
    return f"n={len(values)} p50={at(0.5):.2f} p95={at(0.95):.2f} p99={at(0.99):.2f} max={values[-1]:.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--saccade", required=True)
    parser.add_argument("--cycles", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    server = Server()
    url = f"rtsp://admin:{PASSWORD}@127.0.0.1:{server.port}/x?password={PASSWORD}"
    command = [options.saccade, "track", url, "--progress", "json", "--save-jsonl", "-"]
    program = subprocess.Popen(command + (["--model", options.model] if options.model else []),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    frames, events, output = [], [], []

    def read(stream, kept, wants):
        for line in stream:
            now = time.monotonic()
            output.append(line)
            try:
                parsed = json.loads(line)
            except ValueError:
                continue
            if wants(parsed):
                kept.append((now, parsed))

    readers = [
        threading.Thread(target=read, args=(program.stdout, frames, lambda p: p.get("detected"))),
        threading.Thread(target=read, args=(program.stderr, events, lambda p: p.get("event") == "source"))]
    for reader in readers:
        reader.start()

    def wait(condition, limit):
        end = time.monotonic() + limit
        while time.monotonic() < end:
            found = condition()
            if found:
                return found
            time.sleep(0.002)
        return None

    notices, returns, missing = [], [], 0
    wait(lambda: frames, 20)
    seen = open(f"/proc/{program.pid}/cmdline", "rb").read()
    kinds = ["stall", "close", "refuse", "garbage", "mute", "resize"]
    for cycle in range(options.cycles):
        time.sleep(chance.uniform(0.8, 3))
        fault = kinds[cycle % len(kinds)]
        known = len(events)
        last = server.begin(fault)
        began = time.monotonic()
        lost = wait(lambda: next((t for t, e in events[known:] if e["state"] in ("stalled", "backoff")), None), 8)
        gone = chance.uniform(0, 4)
        left = began + gone - time.monotonic()
        if fault != "resize" and left > 0:
            time.sleep(left)
        server.end()
        ended = time.monotonic()
        key = wait(lambda: server.first_key, 8)
        # The log holds frames from before for a moment: a frame counts that was written after the key frame was sent.
        back = wait(lambda: next((t for t, _ in frames[-200:] if key and t > key and lost and t > lost), None), 15)
        if not (lost and key and back):
            missing += 1
            print(f"cycle {cycle} {fault}: lost={lost} key={key} back={back}")
            continue
        notices.append(lost - last)
        returns.append(back - key)
        print(f"cycle {cycle:3} {fault:8} noticed after {lost - last:5.2f} s, away {ended - began:4.1f} s, "
              f"back {back - key:5.2f} s after the first key frame")
        sys.stdout.flush()
    program.send_signal(2)
    code = program.wait(20)
    for reader in readers:
        reader.join(5)
    for camera in server.cameras:
        camera.process.kill()
    text = b"".join(output)
    print("\n".join(l for l in text.decode(errors="replace").splitlines() if not l.startswith("{")))
    leaks = (text + seen).count(PASSWORD.encode())
    summary = next((l for l in text.decode(errors="replace").splitlines() if " detected, " in l), "")
    numbers = [int(w) for w in summary.replace(",", "").replace(":", "").split() if w.isdigit()]
    conserved = len(numbers) >= 5 and numbers[0] == sum(numbers[-4:])
    print(f"notice {percentiles(notices)}\nreturn {percentiles(returns)}")
    print(f"cycles={options.cycles} missing={missing} leaks={leaks} conserved={conserved} exit={code}")
    late = any(sorted(delays)[int(0.99 * len(delays))] > 2 for delays in (notices, returns) if delays)
    sys.exit(1 if late or missing or leaks or not conserved or code != 130 else 0)


if __name__ == "__main__":
    main()
