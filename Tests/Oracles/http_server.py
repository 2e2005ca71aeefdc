"""An HTTP server on the loopback that gives live pictures in the forms of cameras, for the scripts beside it.

    /live.ts     MPEG-TS without end            /mjpeg       JPEG pictures, multipart/x-mixed-replace
    /hls/…       a playlist and its segments    /redirect    sends to /live.ts, with a token in the query
    /mute        takes the request and says nothing
Everything is refused with 401 but for the user `admin` with the password, if there is one; with TLS under a certificate
that signed itself.
"""
import base64
import os
import select
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PICTURES = "ffmpeg -v error -nostdin -re -f lavfi -i testsrc2=s=320x240:r=25"
H264 = "-c:v libx264 -threads 1 -preset ultrafast -tune zerolatency -g 12"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        server = self.server
        server.requests.append(self.path)
        path = self.path.split("?")[0]
        expected = base64.b64encode(f"admin:{server.password}".encode()).decode()
        if server.password and self.headers.get("Authorization") != f"Basic {expected}" and "/public" not in path:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="camera"')
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif path == "/mute":
            time.sleep(60)
        elif path == "/redirect":
            self.send_response(302)
            self.send_header("Location", f"/live.ts?token={server.password}")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif path in ("/live.ts", "/mjpeg"):
            kind, options = {"/live.ts": ("video/mp2t", f"{H264} -f mpegts -"),
                             "/mjpeg": ("multipart/x-mixed-replace;boundary=ffmpeg", "-c:v mjpeg -f mpjpeg -")}[path]
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Connection", "close")
            self.end_headers()
            self.stream(f"{PICTURES} {options}")
        elif path.startswith("/hls/") and os.path.exists(os.path.join(server.folder, os.path.basename(path))):
            with open(os.path.join(server.folder, os.path.basename(path)), "rb") as file:
                body = file.read()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        else:
            self.send_error(404)

    def stream(self, command):
        with subprocess.Popen(command.split(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            try:
                while chunk := process.stdout.read1(65536):
                    self.wfile.write(chunk)
            except OSError:
                pass
            process.kill()


def certified(folder):
    """TLS for a server, with a certificate that signed itself."""
    certificate = os.path.join(folder, "certificate.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=camera",
                    "-keyout", certificate + ".key", "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate + ".key")
    return context


class TLSFront:
    """Takes TLS connections and hands on what they say to another port of this machine."""

    def __init__(self, port):
        self.target = port
        self.scratch = tempfile.TemporaryDirectory()
        self.listener = certified(self.scratch.name).wrap_socket(socket.create_server(("127.0.0.1", 0)), server_side=True)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                secure, _ = self.listener.accept()
            except ssl.SSLError:
                continue
            except OSError:
                return
            threading.Thread(target=self.forward, args=(secure,), daemon=True).start()

    def forward(self, secure):
        with secure, socket.create_connection(("127.0.0.1", self.target)) as plain:
            try:
                while True:
                    readable = [secure] if secure.pending() else select.select([secure, plain], [], [])[0]
                    for end, other in ((secure, plain), (plain, secure)):
                        if end in readable:
                            data = end.recv(65536)
                            if not data:
                                return
                            other.sendall(data)
            except OSError:
                return

    def close(self):
        self.listener.close()
        self.scratch.cleanup()


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, password=None, tls=False, segments=False):
        super().__init__(("127.0.0.1", 0), Handler)
        self.password = password
        self.requests = []
        self.port = self.server_address[1]
        self.scratch = tempfile.TemporaryDirectory()
        self.folder = self.scratch.name
        self.segmenter = None
        if tls:
            self.socket = certified(self.folder).wrap_socket(self.socket, server_side=True)
        if segments:
            self.segmenter = subprocess.Popen(
                f"{PICTURES} {H264} -f hls -hls_time 1 -hls_list_size 4 {self.folder}/index.m3u8".split())
            while not os.path.exists(f"{self.folder}/index.m3u8"):
                time.sleep(0.1)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass

    def close(self):
        self.shutdown()
        if self.segmenter:
            self.segmenter.kill()
            self.segmenter.wait()
        self.scratch.cleanup()
