#!/usr/bin/env python3
"""Measures the program before several cameras: RTSP sources on the loopback, read in one run as a list.

    live_load.py --saccade BINARY --video CLIP --model int8.onnx [--sources 8] [--rate 15] [--size 1280x720] [--seconds 30]
    live_load.py ... --sources 4 --fault server     a source dies half way: what does that cost the others?
    live_load.py ... --sources 4 --fault SEGV       its decoder is shot (or STOP: it hangs); for that each has a process of
                                                    its own (`--isolate`)

The clip is encoded once (H.264, a key frame each second) and sent by `ffmpeg -c copy` in real time, so that the cameras
take next to nothing of the processor. Prints a row for each source: frames that came, detections a second, frames left
out, age at output. Exits 1 when frames are not conserved; when a source gets fewer than 4 detections a second; when the
ages' p95 is above --age; when the detections of two sources differ by more than a fifth; with --fault when a source
that lived lost a frame, or the other was not back in five seconds.
"""
import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time


class Camera:
    """One stream: RTP from ffmpeg, handed to whoever plays it over RTSP (interleaved)."""

    def __init__(self, clip):
        inlet = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        inlet.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        inlet.bind(("127.0.0.1", 0))
        self.clients = []
        self.isDead = False
        command = ["ffmpeg", "-v", "error", "-nostdin", "-re", "-i", clip, "-an", "-c", "copy",
                   "-f", "rtp", f"rtp://127.0.0.1:{inlet.getsockname()[1]}?pkt_size=1300"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        lines = []
        for line in self.process.stdout:
            lines.append(line.strip())
            if line.startswith("a=fmtp") or len(lines) > 12:
                break
        lines = [l.split("; sprop")[0] for l in lines if l and not l.startswith(("SDP", "c=", "a=tool"))]
        self.sdp = "\r\n".join("m=video 0 RTP/AVP 96" if l.startswith("m=") else l for l in lines)
        self.sdp += "\r\na=control:trackID=0\r\n"
        threading.Thread(target=self.pump, args=(inlet,), daemon=True).start()

    def pump(self, inlet):
        while not self.isDead:
            packet = inlet.recv(65536)
            for client in list(self.clients):
                try:
                    client.sendall(b"$\0" + len(packet).to_bytes(2, "big") + packet)
                except OSError:
                    self.clients.remove(client)

    def die(self):
        self.isDead = True
        self.process.kill()
        for client in self.clients:
            client.close()


class Server:
    """RTSP over TCP: camera n is /n."""

    def __init__(self, cameras):
        self.cameras = cameras
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        pending = b""
        try:
            while data := connection.recv(65536):
                pending += data
                while pending:
                    if pending[:1] == b"$":
                        length = 4 + int.from_bytes(pending[2:4], "big")
                        if len(pending) < max(4, length):
                            break
                        pending = pending[length:]
                    elif b"\r\n\r\n" in pending:
                        head, pending = pending.split(b"\r\n\r\n", 1)
                        self.answer(connection, head.decode().split("\r\n"))
                    else:
                        break
        except OSError:
            pass

    def answer(self, connection, lines):
        method, url = lines[0].split()[:2]
        number = next(l for l in lines if l.lower().startswith("cseq"))
        camera = self.cameras[int(url.split("/")[3].split("?")[0])]
        body, extra, status = "", "Session: 1;timeout=60\r\n", "200 OK"
        if camera.isDead:
            status = "404 Not Found"
        elif method == "OPTIONS":
            extra = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER\r\n"
        elif method == "DESCRIBE":
            body = camera.sdp
            extra = f"Content-Base: {url}/\r\nContent-Type: application/sdp\r\nContent-Length: {len(body)}\r\n"
        elif method == "SETUP":
            extra += "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
        connection.sendall(f"RTSP/1.0 {status}\r\n{number}\r\n{extra}\r\n{body}".encode())
        if method == "PLAY" and not camera.isDead:
            camera.clients.append(connection)


def decoder_of(parent, ending):
    """The process that decodes a source, by its parent and the end of its last argument."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/cmdline", "rb") as file:
                arguments = file.read().decode().split("\0")
            with open(f"/proc/{name}/stat") as file:
                ancestor = int(file.read().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        if ancestor == parent and "decode-for" in arguments and arguments[-2].rstrip().endswith(ending):
            return int(name)
    sys.exit("the source has no decoder of its own")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saccade", required=True, metavar="BINARY")
    parser.add_argument("--video", required=True, metavar="CLIP")
    parser.add_argument("--model", required=True)
    parser.add_argument("--sources", type=int, default=8)
    parser.add_argument("--rate", default="15")
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--age", type=float, default=300, metavar="MS", help="the most that p95 may be")
    parser.add_argument("--fault", choices=["server", "SEGV", "STOP"], help="what befalls source 0 half way")
    parser.add_argument("options", nargs="*", help="for the program, behind --")
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        clip = os.path.join(folder, "clip.ts")
        width, height = arguments.size.split("x")
        subprocess.run(
            ["ffmpeg", "-v", "error", "-nostdin", "-stream_loop", "-1", "-i", arguments.video, "-t",
             str(arguments.seconds + 15), "-an", "-vf",
             f"scale={width}:{height},fps={arguments.rate}", "-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency",
             "-x264-params", "slices=1:sliced-threads=0", "-g", str(round(float(arguments.rate))), clip], check=True)
        cameras = [Camera(clip) for _ in range(arguments.sources)]
        server = Server(cameras)
        listing = os.path.join(folder, "cameras.streams")
        with open(listing, "w") as file:
            for index in range(arguments.sources):
                file.write(f"camera{index} = rtsp://127.0.0.1:{server.port}/{index}\n")
        time.sleep(1)
        options = arguments.options + (["--isolate"] if arguments.fault in ("SEGV", "STOP") else [])
        program = subprocess.Popen(
            [arguments.saccade, "track", listing, "--model", arguments.model, "-t", str(arguments.seconds), "--json",
             "--progress", "json", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        events = []
        threading.Thread(target=lambda: events.extend((time.monotonic(), line) for line in program.stderr),
                         daemon=True).start()
        struck = None
        try:
            if arguments.fault:
                time.sleep(arguments.seconds / 2)
                if arguments.fault == "server":
                    cameras[0].die()
                else:
                    decoder = decoder_of(program.pid, f":{server.port}/0")
                    struck = time.monotonic()
                    os.kill(decoder, getattr(signal, "SIG" + arguments.fault))
            watchdog = threading.Timer(arguments.seconds + 60, program.kill)
            watchdog.start()
            output = program.stdout.read()
            program.wait()
            watchdog.cancel()
        finally:
            program.kill()
            for camera in cameras:
                camera.process.kill()
    if not output:
        sys.exit(f"the program failed: {[line for _, line in events][-5:]}")
    sources = json.loads(output)["sources"]
    failures = []
    if struck:
        changes = [(at - struck, json.loads(line)) for at, line in events if at > struck and '"camera0"' in line]
        for at, event in changes:
            print(f"{at:6.2f} s  {event['source']} {event['state']} {event.get('message', '')}")
        back = [at for at, event in changes if event["state"] == "live"]
        if not back or back[0] > 5:
            failures.append(f"the source was not back in five seconds: {back}")
    print(f"{'source':10} {'frames':>7} {'detected':>9} {'a second':>9} {'dropped':>8} {'age p50':>8} {'p95':>6} {'p99':>6}  ms")
    rates = []
    for source in sources:
        frames, age = source["frames"], source["age"]
        rate = frames["detected"] / source["wallTime"]
        print(f"{source['name']:10} {frames['read']:7} {frames['detected']:9} {rate:9.1f} {frames['dropped']:8} "
              f"{age['p50'] * 1e3:8.0f} {age['p95'] * 1e3:6.0f} {age['p99'] * 1e3:6.0f}")
        kept = frames["detected"] + frames["skipped"] + frames["corrupt"] + frames["dropped"]
        if kept != frames["read"]:
            failures.append(f"{source['name']}: {frames['read']} frames came, {kept} are accounted for")
        if arguments.fault and source is sources[0]:
            continue
        rates.append(frames["detected"])
        if rate < 4:
            failures.append(f"{source['name']}: {rate:.1f} detections a second")
        if age["p95"] * 1e3 > arguments.age:
            failures.append(f"{source['name']}: age p95 {age['p95'] * 1e3:.0f} ms")
        if arguments.fault and (frames["dropped"] or frames["corrupt"]):
            failures.append(f"{source['name']}: lost {frames['dropped'] + frames['corrupt']} frames")
    if min(rates) < 0.8 * max(rates):
        failures.append(f"detections are unfair: {min(rates)} to {max(rates)}")
    for failure in failures:
        print(failure)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
