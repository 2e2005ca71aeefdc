"""An RTSP server on the loopback that can be made to fail in many ways, for the scripts beside it.

Its pictures come from `ffmpeg`, 25 a second, with a key frame each half second. It speaks RTSP with pictures
interleaved in the connection or over UDP, and demands the user `admin` with the password that it is given, by Digest
and by Basic in turns.
"""
import base64
import hashlib
import os
import re
import select
import socket
import struct
import subprocess
import threading
import time

TCP_REPAIR = 19
# What a fault does with the connections that there are: leaves them, ends them, or forgets them without a word.
LEAVING, ENDING, FORGETTING = "leaving", "ending", "forgetting"
FAULTS = {
    # The server falls silent with the connections open, and answers nobody.
    "stall": LEAVING,
    # It hangs up, and is there again at once.
    "close": ENDING,
    # It hangs up, and refuses connections.
    "refuse": ENDING,
    # It sends garbage in place of pictures.
    "garbage": LEAVING,
    # It hangs up, and comes back with pictures of another size.
    "resize": ENDING,
    # It hangs up, and answers requests, but no picture follows.
    "mute": ENDING,
    # It forgets its connections as a machine does that loses its power; new ones are taken and get no answer.
    "half-open": FORGETTING,
    # It hangs up, and refuses the password.
    "auth": ENDING,
}


class Camera:
    """Pictures of one size as RTP packets, with parameter sets before each key frame."""

    def __init__(self, size, deliver):
        self.inlet = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.inlet.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.inlet.bind(("127.0.0.1", 0))
        port = self.inlet.getsockname()[1]
        command = f"ffmpeg -v error -nostdin -re -f lavfi -i testsrc2=s={size}:r=25 -c:v libx264 -threads 1 " \
            "-tune zerolatency -preset ultrafast -g 12 -bsf:v dump_extra=freq=k -f rtp " \
            f"rtp://127.0.0.1:{port}?pkt_size=1200"
        self.process = subprocess.Popen(command.split(), stdout=subprocess.PIPE, text=True)
        lines = []
        for line in self.process.stdout:
            lines.append(line.strip())
            if line.startswith("a=fmtp") or len(lines) > 12:
                break
        # Without parameter sets: they come with each key frame.
        lines = [l.split("; sprop")[0] for l in lines if l and not l.startswith(("SDP", "c=", "a=tool"))]
        lines = ["m=video 0 RTP/AVP 96" if l.startswith("m=") else l for l in lines]
        self.sdp = "\r\n".join(lines) + "\r\na=control:trackID=0\r\n"
        threading.Thread(target=self.pump, args=(deliver,), daemon=True).start()

    def pump(self, deliver):
        while True:
            deliver(self, self.inlet.recv(65536))

    def close(self):
        self.process.kill()
        self.process.wait()


def begins_key_frame(packet):
    """Whether an RTP packet holds a sequence parameter set (alone or in an aggregate)."""
    kind = packet[12] & 31
    return kind == 7 or kind == 24 and packet[15] & 31 == 7


class Client:
    """Who gets pictures: by the connection, or at a UDP port."""

    def __init__(self, connection, address):
        self.connection = connection
        self.address = address

    def send(self, outlet, packet):
        if self.address:
            outlet.sendto(packet, self.address)
        else:
            self.connection.sendall(b"$\0" + len(packet).to_bytes(2, "big") + packet)


class Server:
    def __init__(self, password, sizes=("640x360", "480x272")):
        self.password = password
        self.lock = threading.Lock()
        self.mode = "live"
        self.clients, self.connections, self.forgotten = [], [], []
        # Connections on which a request was authorized, and their transport.
        self.ports = {}
        self.authorized = {"Digest": 0, "Basic": 0}
        self.refused = 0
        self.turns = 0
        self.last_sent = self.first_key = self.current = None
        self.outlet = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.outlet.bind(("127.0.0.1", 0))
        self.cameras = [Camera(size, self.deliver) for size in sizes]
        self.current = self.cameras[0]
        self.listener = None
        self.port = None
        self.listen()

    def close(self):
        for camera in self.cameras:
            camera.close()

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
            if self.mode in ("live", "close", "resize"):
                # From here on a client that is connected can decode.
                if self.first_key is None and begins_key_frame(packet):
                    self.first_key = time.monotonic()
            elif self.mode != "garbage":
                return
            for client in list(self.clients):
                body = os.urandom(len(packet)) if self.mode == "garbage" else packet
                try:
                    client.send(self.outlet, body)
                    if self.mode != "garbage":
                        self.last_sent = time.monotonic()
                except OSError:
                    self.clients.remove(client)

    def serve(self, connection):
        pending = b""
        # What this connection has to be authorized by.
        self.turns += 1
        scheme = ("Digest", "Basic")[self.turns % 2]
        try:
            while True:
                # A socket is gone when nobody waits for it: not for long, so that it can be forgotten.
                if not select.select([connection], [], [], 0.1)[0]:
                    continue
                data = connection.recv(65536)
                if not data:
                    break
                pending += data
                while pending[:1] == b"$" and len(pending) >= 4:
                    length = int.from_bytes(pending[2:4], "big")
                    if len(pending) < 4 + length:
                        break
                    pending = pending[4 + length:]
                while pending[:1] != b"$" and b"\r\n\r\n" in pending:
                    head, pending = pending.split(b"\r\n\r\n", 1)
                    self.answer(connection, head.decode().split("\r\n"), scheme)
        except (OSError, ValueError):
            pass
        with self.lock:
            self.clients = [c for c in self.clients if c.connection is not connection]
            if connection in self.connections:
                self.connections.remove(connection)
            # A server that hangs up, unless it is to be silent.
            if connection not in self.forgotten:
                connection.close()

    def is_authorized(self, lines, method, scheme):
        header = next((l.split(":", 1)[1].strip() for l in lines if l.lower().startswith("authorization:")), "")
        if self.mode == "auth" or not header.startswith(scheme):
            return False
        if scheme == "Basic":
            return header.split()[1] == base64.b64encode(f"admin:{self.password}".encode()).decode()
        fields = dict(re.findall(r'(\w+)="?([^",]*)"?', header))
        hashed = lambda text: hashlib.md5(text.encode()).hexdigest()
        first, second = hashed(f"admin:camera:{self.password}"), hashed(f"{method}:{fields.get('uri')}")
        return fields.get("response") == hashed(f"{first}:{fields.get('nonce')}:{second}")

    def answer(self, connection, lines, scheme):
        if self.mode in ("stall", "half-open"):
            return
        method = lines[0].split()[0]
        number = next(l for l in lines if l.lower().startswith("cseq"))
        status, body, extra = "200 OK", "", ""
        with self.lock:
            if method == "OPTIONS":
                extra = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER\r\n"
            elif not self.is_authorized(lines, method, scheme):
                status = "401 Unauthorized"
                nonce = ', nonce="5ca1ab1e"' if scheme == "Digest" else ""
                extra = f'WWW-Authenticate: {scheme} realm="camera"{nonce}\r\n'
                self.refused += 1
            elif method == "DESCRIBE":
                self.authorized[scheme] += 1
                body = self.current.sdp
                extra = "Content-Type: application/sdp\r\n" \
                    f"Content-Base: rtsp://127.0.0.1:{self.port}/x/\r\nContent-Length: {len(body)}\r\n"
            elif method == "SETUP":
                wanted = re.search(r"client_port=(\d+)-(\d+)", "\n".join(lines))
                if wanted:
                    self.ports[connection] = ("127.0.0.1", int(wanted[1]))
                    own = self.outlet.getsockname()[1]
                    extra = f"Transport: RTP/AVP;unicast;client_port={wanted[1]}-{wanted[2]};server_port={own}-{own + 1}\r\n"
                else:
                    self.ports[connection] = None
                    extra = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
                extra += "Session: 42;timeout=60\r\n"
            elif method == "PLAY":
                extra = "Session: 42\r\n"
            connection.sendall(f"RTSP/1.0 {status}\r\n{number}\r\n{extra}\r\n{body}".encode())
            if method == "PLAY" and status == "200 OK":
                self.clients.append(Client(connection, self.ports.get(connection)))

    def begin(self, fault):
        """Begins a fault (see FAULTS); returns when the last picture was sent."""
        with self.lock:
            self.mode = fault
            self.first_key = None
            sort = FAULTS[fault]
            if fault == "refuse":
                listener, self.listener = self.listener, None
                listener.shutdown(socket.SHUT_RDWR)
                listener.close()
            for connection in self.connections if sort != LEAVING else []:
                try:
                    if sort == FORGETTING:
                        self.forgotten.append(connection)
                        # Closed in this state a socket vanishes, and the other end is not told. Needs rights.
                        connection.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
                        connection.close()
                    else:
                        connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
            if sort != LEAVING:
                self.connections, self.clients = [], []
            if fault == "resize":
                self.current = self.cameras[1 - self.cameras.index(self.current)]
            return self.last_sent

    def end(self):
        """Ends the fault; from here on `first_key` counts, but for a server that was away for no time. Who was connected to a server that lost its power stays unconnected."""
        with self.lock:
            waiting = self.connections if self.mode == "half-open" else []
            if self.mode not in ("close", "resize"):
                self.first_key = None
            self.mode = "live"
            for connection in waiting:
                try:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        if self.listener is None:
            self.listen()
