#!/usr/bin/env python3
"""Reads a live source by each protocol from servers on the loopback, for some seconds each.

    live_protocols.py --saccade BINARY [--seconds 5]

Prints what the source was, how many frames came in how long, and how old they were at output; exits 1 when one gave
less than half of the frames of its time. The certificates of https and rtsps have signed themselves: FFmpeg's
libraries accept them.
"""
import argparse
import json
import socket
import subprocess
import sys
import tempfile
import time

import http_server
import rtsp_server

PASSWORD = "canary-3141"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saccade", required=True)
    parser.add_argument("--seconds", type=float, default=5)
    options = parser.parse_args()
    rtsp = rtsp_server.Server(PASSWORD, sizes=("320x240",))
    web = http_server.Server(PASSWORD, segments=True)
    secure = http_server.Server(PASSWORD, tls=True)
    front = http_server.TLSFront(rtsp.port)
    ports = []
    for _ in range(2):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            ports.append(free.getsockname()[1])
    senders = [subprocess.Popen(f"{http_server.PICTURES} {http_server.H264} -f mpegts {url}".split(),
                                stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
               for url in (f"udp://127.0.0.1:{ports[0]}?pkt_size=1316", f"tcp://127.0.0.1:{ports[1]}?listen=1")]
    user = f"admin:{PASSWORD}@127.0.0.1"
    sources = [
        ("rtsp over tcp", f"rtsp://{user}:{rtsp.port}/x", []),
        ("rtsp over udp", f"rtsp://{user}:{rtsp.port}/x", ["--rtsp-transport", "udp"]),
        ("rtsps", f"rtsps://{user}:{front.port}/x", []),
        ("http mpeg-ts", f"http://{user}:{web.port}/live.ts", []),
        ("http mjpeg", f"http://{user}:{web.port}/mjpeg", []),
        ("http redirect", f"http://{user}:{web.port}/redirect", []),
        ("http hls", f"http://{user}:{web.port}/hls/index.m3u8", []),
        ("https mpeg-ts", f"https://{user}:{secure.port}/live.ts", []),
        ("udp mpeg-ts", f"udp://127.0.0.1:{ports[0]}", []),
        ("tcp mpeg-ts", f"tcp://127.0.0.1:{ports[1]}", []),
        ("lavfi", "lavfi:testsrc2=size=320x240:rate=25", []),
    ]
    failed = []
    for name, url, extra in sources:
        with tempfile.TemporaryDirectory() as folder:
            log = f"{folder}/log.jsonl"
            command = [options.saccade, "track", url, "-t", str(options.seconds), "--save-jsonl", log, "--progress",
                       "json", *extra]
            began = time.monotonic()
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True)
            try:
                _, text = process.communicate(timeout=options.seconds + 15)
            except subprocess.TimeoutExpired:
                process.send_signal(2)
                _, text = process.communicate()
            took = time.monotonic() - began
            lines = []
            if process.returncode == 0:
                with open(log, encoding="utf-8") as file:
                    lines = [json.loads(line) for line in file]
        events = [json.loads(line) for line in text.splitlines() if '"event"' in line]
        content = next((e.get("message") for e in events if e["state"] == "live"), None)
        reasons = [e.get("reason") for e in events if e["state"] == "backoff"]
        ages = sorted(line["age_s"] for line in lines) or [0]
        first = next((e["time_s"] for e in events if e["state"] == "live"), 0)
        good = len(lines) >= options.seconds * 25 / 2
        if not good:
            failed.append(name)
        print(f"{name:14} {'good' if good else 'BAD '} {content or '-'}: {len(lines)} frames, first after {first:.2f} s, "
              f"age p50 {ages[len(ages) // 2] * 1000:.0f} ms, max {ages[-1] * 1000:.0f} ms, "
              f"lost {reasons or 'never'}, exit {process.returncode}, {took:.1f} s", flush=True)
        if not good:
            print(text[-800:])
    for sender in senders:
        sender.kill()
    for server in (rtsp, web, secure, front):
        server.close()
    print(f"protocols={len(sources)} failed={','.join(failed) or 0}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
