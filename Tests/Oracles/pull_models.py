#!/usr/bin/env python3
"""`saccade models` before servers on the loopback: certificates, redirects, wrong files, signals, full disks.

    pull_models.py --saccade BINARY

An authority of its own signs the servers' certificates, and the program is told of it with SSL_CERT_FILE. A file that
is taken up to its checksum, which the servers' cannot have, shows that its server was trusted. Prints a line for each
check and `checks=N failed=0`; exits 1 when one failed. Needs `openssl`.
"""
import argparse
import http.server
import json
import os
import pty
import resource
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

NAME, FILE = "yolox-nano", "yolox_nano.onnx"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        size, server = self.server.size, self.server
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", f"{server.redirects[self.path[4:]]}/{FILE}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        try:
            for index in range(0, size, 65536):
                self.wfile.write(bytes(min(65536, size - index)))
                if self.path.startswith("/slow/"):
                    self.wfile.flush()
                    time.sleep(0.1)
        except OSError:
            pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, size, certificate=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.size, self.redirects = size, {}
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate + ".pem", certificate + ".key")
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.url = f"http{'s' if certificate else ''}://localhost:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def make_certificates(folder):
    """An authority, and certificates that it signed for localhost, for another host, and for a time that is over."""
    authority = os.path.join(folder, "authority")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=authority", "-keyout",
            authority + ".key", "-out", authority + ".pem")
    for name, host, days in (("good", "localhost", 2), ("other", "elsewhere.example", 2), ("old", "localhost", -1)):
        path = os.path.join(folder, name)
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={host}", "-keyout", path + ".key", "-out",
                path + ".csr")
        with open(path + ".ext", "w", encoding="ascii") as file:
            file.write(f"subjectAltName=DNS:{host}\n")
        openssl("x509", "-req", "-in", path + ".csr", "-CA", authority + ".pem", "-CAkey", authority + ".key",
                "-CAcreateserial", "-days", str(days), "-extfile", path + ".ext", "-out", path + ".pem")
    path = os.path.join(folder, "self")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
            "subjectAltName=DNS:localhost", "-keyout", path + ".key", "-out", path + ".pem")
    return authority + ".pem"


class Checks:
    def __init__(self, saccade, folder):
        self.saccade, self.folder = saccade, folder
        self.cache = os.path.join(folder, "cache")
        self.models = os.path.join(self.cache, "saccade", "models")
        self.environment = {**os.environ, "XDG_CACHE_HOME": self.cache, "SWIFT_BACKTRACE": "enable=no"}
        self.count = self.failed = 0

    def run(self, *arguments, **options):
        return subprocess.run([self.saccade, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              env=self.environment, timeout=120, check=False, **options)

    def expect(self, name, condition, seen=""):
        self.count += 1
        self.failed += not condition
        print(f"{'ok' if condition else 'FAILED'}: {name}{'' if condition else f' ({seen})'}", flush=True)

    def left(self):
        return os.listdir(self.models) if os.path.isdir(self.models) else []

    def pull(self, name, url, code, *words):
        result = self.run("models", "pull", NAME, "--from", url)
        good = result.returncode == code and all(word in result.stderr for word in words)
        self.expect(name, good and not result.stdout and not self.left(), (result, self.left()))

    def certificates(self, size):
        authority = make_certificates(self.folder)
        servers = {name: Server(size, os.path.join(self.folder, name)) for name in ("good", "other", "old", "self")}
        plain = Server(size)
        good = servers["good"]
        for server in (plain, good):
            server.redirects = {"plain": plain.url, **{name: server.url for name, server in servers.items()}}
        trusted, refused = (65, "SHA-256", "corrupt"), (69, "localhost cannot be reached", "certificate")
        self.pull("without our authority", f"{good.url}/{FILE}", *refused)
        self.environment["SSL_CERT_FILE"] = authority
        self.pull("a signed certificate", f"{good.url}/{FILE}", *trusted)
        self.pull("another host's certificate", f"{servers['other'].url}/{FILE}", *refused)
        self.pull("a certificate that has expired", f"{servers['old'].url}/{FILE}", *refused)
        self.pull("a certificate that signed itself", f"{servers['self'].url}/{FILE}", *refused)
        self.pull("https to https", f"{good.url}/to/good", *trusted)
        self.pull("https to another host's certificate", f"{good.url}/to/other", *refused)
        self.pull("https to a certificate that signed itself", f"{good.url}/to/self", *refused)
        self.pull("https to http", f"{good.url}/to/plain", 69, "leads from https to http", "refused")
        self.pull("http to https", f"{plain.url}/to/good", *trusted)
        self.pull("http to http", f"{plain.url}/to/plain", *trusted)
        self.environment["SSL_CERT_FILE"] = os.path.join(self.folder, "none.pem")
        self.pull("authorities that are not there", f"{good.url}/{FILE}", 69, "localhost cannot be reached")
        del self.environment["SSL_CERT_FILE"]
        return plain

    def signals(self, plain):
        for number, times in ((signal.SIGINT, 1), (signal.SIGTERM, 1), (signal.SIGHUP, 1), (signal.SIGINT, 2)):
            process = subprocess.Popen([self.saccade, "models", "pull", NAME, "--from", f"{plain.url}/slow/"],
                                       env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            end = time.monotonic() + 20
            while time.monotonic() < end and not any(name.endswith(".part") for name in self.left()):
                time.sleep(0.02)
            began, before = time.monotonic(), self.left()
            for _ in range(times):
                process.send_signal(number)
            out, err = process.communicate(timeout=20)
            good = process.returncode == 128 + number and before and not self.left() and not out
            self.expect(f"{signal.Signals(number).name} {times} times leaves nothing, in {time.monotonic() - began:.2f} s",
                        good, (process.returncode, before, self.left(), err))

    def disks(self, plain):
        # With the signal of that limit ignored, as Python does, a write beyond it fails.
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        result = self.run("models", "pull", NAME, "--from", f"{plain.url}/", preexec_fn=limit, restore_signals=False)
        self.expect("a file that may not grow", result.returncode == 74 and "disk_full" in result.stderr
                    and not self.left(), result)
        result = self.run("models", "pull", NAME, "--from", f"{plain.url}/", "-o", "/proc/here/")
        self.expect("a folder that cannot be made", result.returncode == 73, result)

    def manners(self, plain):
        result = self.run("models", "list", "--json")
        models = json.loads(result.stdout)
        self.expect("the list is JSON", {"name", "bytes", "sha256", "url", "license", "is_cached"} <= set(models[0])
                    and not any(model["is_cached"] for model in models), models)
        text = self.run("models", "list").stdout
        self.expect("the list is text", all(model["name"] in text and model["url"] in text for model in models), text)
        result = self.run("models", "pull", "yolox-huge")
        self.expect("an unknown name", result.returncode == 64 and "yolox-tiny" in result.stderr, result)
        result = self.run("detect", "x.jpg", "--model", NAME)
        self.expect("a model that was not pulled", result.returncode == 66
                    and f"saccade models pull {NAME}" in result.stderr, result)
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            self.pull("a closed port", f"http://127.0.0.1:{closed.getsockname()[1]}/", 69, "127.0.0.1", "--from")
        self.pull("a name that does not resolve", "https://nobody.invalid/", 69, "nobody.invalid", "--from")
        master, slave = pty.openpty()
        process = subprocess.Popen([self.saccade, "models", "pull", NAME, "--from", f"{plain.url}/slow/"],
                                   env=self.environment, stdout=subprocess.PIPE, stderr=slave)
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)
        os.close(slave)
        shown = os.read(master, 1 << 16).decode()
        self.expect("progress on a terminal", " of 3.7 MB" in shown and "%" in shown, shown)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saccade", required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        checks = Checks(options.saccade, folder)
        listed = json.loads(checks.run("models", "list", "--json").stdout)
        plain = checks.certificates(next(model["bytes"] for model in listed if model["name"] == NAME))
        checks.signals(plain)
        checks.disks(plain)
        checks.manners(plain)
    print(f"checks={checks.count} failed={checks.failed}")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
