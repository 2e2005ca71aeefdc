#!/usr/bin/env python3
"""Runs the program before a real V4L2 camera: the kernel's `vivid`, in a virtual machine.

    camera_vm.py --saccade BINARY --weights weights/saccade-n.onnx [--folder .build/camera-vm] [--limit 240]

Debian's kernel with its own vivid.ko, busybox and v4l2-ctl are downloaded once with `apt-get download` and never
installed. They, the program and the libraries that it loads make an initramfs; QEMU (qemu-system-x86) runs it without
hardware virtualization, so figures are many times those of a real machine. `camera_guest.sh` plays the scenes: modes,
capture, wrong requests, a camera that another program has, that is pulled out, that comes back, that has faults, and a
machine whose clock jumps. Prints each check with what was measured and exits 1 when one fails.
"""
import argparse
import json
import lzma
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOOLS = ("busybox-static", "v4l-utils", "libv4l-0", "libv4lconvert0")
# A loss and a return are to be noticed within two seconds; the machine is emulated, so what takes more than a message
# has twice that.
PROMISE, ALLOWED = 2.0, 4.0


def output(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


# --- What the machine is made of --------------------------------------------------------------------------------------


def unpacked_packages(folder):
    """A folder with the files of Debian's newest kernel and of the tools; downloaded when they are not there yet."""
    root = os.path.join(folder, "root")
    whole = os.path.join(root, "complete")
    if os.path.exists(whole):
        return root
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(root)
    depends = output("apt-cache", "depends", "linux-image-amd64")
    kernel = re.search(r"Depends: (linux-image-\S+)", depends)
    if not kernel:
        sys.exit("camera_vm: apt knows no linux-image-amd64: run apt-get update")
    download = subprocess.run(["apt-get", "download", "-q", kernel[1], *TOOLS], cwd=folder, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if download.returncode:
        sys.exit(f"camera_vm: apt-get download failed\n{download.stdout}")
    for name in os.listdir(folder):
        if name.endswith(".deb"):
            subprocess.run(["dpkg", "-x", os.path.join(folder, name), root], check=True)
            os.remove(os.path.join(folder, name))
    open(whole, "w").close()
    return root


def kernel_modules(root, wanted):
    """The contents of `wanted` and of what it needs, by name, in the order of loading."""
    files = {}
    for folder, _, names in os.walk(os.path.join(root, "lib", "modules")):
        for name in names:
            match = re.fullmatch(r"(.+)\.ko(\.xz)?", name)
            if match:
                files[match[1].replace("-", "_")] = os.path.join(folder, name)
    order = {}

    def add(name):
        name = name.replace("-", "_")
        if name in order or name not in files:  # what is no file is built in
            return
        with (lzma.open if files[name].endswith(".xz") else open)(files[name], "rb") as file:
            content = file.read()
        depends = re.search(rb"\0depends=([^\0]*)\0", content)
        for other in (depends[1].decode().split(",") if depends else []):
            if other:
                add(other)
        order[name] = content

    add(wanted)
    return order


def library_closure(binary, root):
    """The files of all libraries that the program and v4l2-ctl load, by the names by which they are looked for."""
    with open(binary, "rb") as file:
        loaded = set(re.findall(rb"lib(?:av[a-z]+|sw[a-z]+)\.so\.\d+", file.read()))
    cache = dict(re.findall(r"^\s*(\S+) \(.*x86-64.*\) => (\S+)$", output("/sbin/ldconfig", "-p"), re.MULTILINE))
    libraries = {}
    for name in sorted(loaded):
        name = name.decode()
        if name not in cache:
            sys.exit(f"camera_vm: {name}, which the program loads, is not installed")
        libraries[name] = cache[name]
    own = os.path.join(root, "usr", "lib", "x86_64-linux-gnu")
    tool = os.path.join(root, "usr", "bin", "v4l2-ctl")
    listing = output("ldd", binary, tool, *libraries.values(), env={**os.environ, "LD_LIBRARY_PATH": own})
    missing = re.findall(r"^\s*(\S+) => not found", listing, re.MULTILINE)
    if missing:
        sys.exit(f"camera_vm: libraries are missing: {', '.join(sorted(set(missing)))}")
    libraries.update(re.findall(r"^\s*(\S+) => (/\S+)", listing, re.MULTILINE))
    return libraries


class Archive:
    """A cpio archive in the format "newc", as the kernel unpacks it."""

    def __init__(self, path):
        self.file = open(path, "wb")
        self.count = 0
        self.folders = set()

    def add(self, name, mode, content=b"", device=(0, 0)):
        parent = os.path.dirname(name)
        if parent and parent not in self.folders:
            self.folders.add(parent)
            self.add(parent, stat.S_IFDIR | 0o755)
        self.count += 1
        encoded = name.encode() + b"\0"
        fields = (self.count, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(encoded), 0)
        header = b"070701" + b"".join(b"%08x" % field for field in fields) + encoded
        for part in (header, content):
            self.file.write(part + b"\0" * (-len(part) % 4))

    def add_file(self, name, path):
        with open(path, "rb") as file:
            self.add(name, stat.S_IFREG | 0o755, file.read())

    def close(self):
        self.add("TRAILER!!!", 0)
        self.file.close()


def make_initramfs(path, root, binary, weights):
    archive = Archive(path)
    archive.add("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
    archive.add_file("init", os.path.join(HERE, "camera_guest.sh"))
    archive.add_file("bin/busybox", os.path.join(root, "bin", "busybox"))
    archive.add_file("bin/v4l2-ctl", os.path.join(root, "usr", "bin", "v4l2-ctl"))
    archive.add_file("bin/saccade", binary)
    archive.add_file("saccade-n.onnx", weights)
    for name, file in library_closure(binary, root).items():
        archive.add_file(f"lib/{name}", file)
    archive.add_file("lib64/ld-linux-x86-64.so.2", "/lib64/ld-linux-x86-64.so.2")
    modules = kernel_modules(root, "vivid")
    for name, content in modules.items():
        archive.add(f"modules/{name}.ko", stat.S_IFREG | 0o644, content)
    order = "".join(f"{name}\n" for name in modules if name != "vivid")
    archive.add("modules/order", stat.S_IFREG | 0o644, order.encode())
    archive.close()


# --- Running it -------------------------------------------------------------------------------------------------------


def boot(kernel, initramfs, console, limit):
    """Runs the machine until it powers off; returns whether it did within the limit in seconds."""
    command = [
        "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "2048", "-nodefaults",
        "-no-user-config", "-no-reboot", "-display", "none", "-serial", f"file:{console}", "-kernel", kernel,
        "-initrd", initramfs, "-append", "console=ttyS0 loglevel=1 panic=-1 mitigations=off rdinit=/init",
    ]
    try:
        subprocess.run(command, stdin=subprocess.DEVNULL, timeout=limit, check=True)
        return True
    except subprocess.TimeoutExpired:
        return False


class Transcript:
    """What the guest has told on its console."""

    def __init__(self, path):
        self.times, self.words, self.files = {}, [], {}
        name = None
        with open(path, encoding="utf-8", errors="replace", newline="") as file:
            for line in file.read().replace("\r", "").split("\n"):
                if line.startswith("@file "):
                    name = line[6:]
                    self.files[name] = []
                elif line == "@end":
                    name = None
                elif line.startswith("|") and name:
                    self.files[name].append(line[1:])
                elif match := re.match(r"@ ([0-9.]+) (.*)", line):
                    self.times[match[2]] = float(match[1])
                    self.words.append(match[2])

    def text(self, name):
        return "\n".join(self.files.get(name, []))

    def status(self, run):
        """The exit status of a run; `None` when it never ended."""
        for words in self.words:
            if match := re.fullmatch(rf"ended {run} (\d+)", words):
                return int(match[1])
        return None

    def complaint(self, run):
        """The last words of a run: (uptime, reason, line)."""
        for line in self.files.get(f"{run}.events", []):
            if match := re.match(r"([0-9.]+) (saccade: error: .*\[reason: (\w+)\])", line):
                return float(match[1]), match[3], match[2]
        return float("inf"), "none", "nothing told"

    def events(self, run):
        """The changes of the source: (uptime, event)."""
        found = []
        for line in self.files.get(f"{run}.events", []):
            uptime, _, text = line.partition(" ")
            if text.startswith('{"') and '"event"' in text:
                found.append((float(uptime), json.loads(text)))
        return found

    def summary(self, run):
        try:
            return json.loads(self.text(f"{run}.json"))
        except ValueError:
            return {}

    def log(self, run):
        return [json.loads(line) for line in self.files.get(f"{run}.jsonl", []) if line.endswith("}")]


# --- Judging ----------------------------------------------------------------------------------------------------------


class Checks:
    def __init__(self):
        self.failed = 0

    def __call__(self, scene, what, holds, found=""):
        self.failed += not holds
        print(f"{'ok  ' if holds else 'FAIL'} {scene:<8} {what}{f': {found}' if found != '' else ''}", flush=True)


def check_run(check, guest, run, statuses, least):
    """What holds of every run: its exit status, frames that add up, times that ascend. Returns its summary."""
    summary = guest.summary(run)
    frames = summary.get("frames", {})
    status = guest.status(run)
    check(run, f"exit status {' or '.join(map(str, statuses))}", status in statuses, status)
    parts = {name: frames.get(name, 0) for name in ("detected", "skipped", "corrupt", "dropped")}
    read = frames.get("read", 0)
    told = f"{read} = {' + '.join(f'{value} {name}' for name, value in parts.items())}"
    check(run, "frames in = detected + skipped + corrupt + dropped", read == sum(parts.values()), told)
    check(run, f"at least {least} frames", read >= least, f"{read}, reason {summary.get('reason')}")
    log = guest.log(run)
    times = [line["time_s"] for line in log]
    ascend = all(a < b for a, b in zip(times, times[1:]))
    check(run, "a line for each frame that was not dropped", len(log) == read - parts["dropped"], len(log))
    check(run, "times ascend", ascend and len(times) > 1, f"to {times[-1] if times else 'none'} s")
    return summary


def contents(guest, run):
    return [event.get("message", "") for _, event in guest.events(run) if event["state"] == "live"]


def first(events, after, state=None, has_reason=False):
    for uptime, event in events:
        if uptime >= after and (state is None or event["state"] == state) and (not has_reason or "reason" in event):
            return uptime, event
    return None, {}


def check_loss(check, guest, run, uptime, reason, message, limit, what):
    after = uptime - guest.times.get(f"unplug {run}", float("inf"))
    check(run, "unplugged: the reason is 'lost'", reason == "lost", message)
    check(run, f"{what} within {limit} s of the order to unplug", 0 <= after <= limit, f"{after:.2f} s")


def check_sources(check, guest):
    try:
        cameras = json.loads(guest.text("sources.json"))
    except ValueError:
        cameras = []
    camera = cameras[0] if cameras else {"path": "", "name": "", "modes": []}
    text = guest.text("sources.text")
    check("sources", "the camera is listed", camera["path"] == "/dev/video0", camera["name"])
    # As the driver's own tool lists them: "[0]: 'YUYV' (YUYV 4:2:2)", "Size: Discrete 320x180", "(30.000 fps)".
    wanted, code, size = {}, None, None
    for line in guest.files.get("driver.text", []):
        if match := re.search(r"\]: '(.{4}(?:-BE)?)'", line):
            code = match[1].replace(" ", "")
        elif match := re.search(r"Size: Discrete (\d+)x(\d+)", line):
            size = (code, int(match[1]), int(match[2]))
            wanted[size] = []
        elif match := re.search(r"\(([0-9.]+) fps\)", line):
            wanted[size].append(round(float(match[1]), 3))
    given = {}
    for mode in camera["modes"]:
        name = (mode["code"].replace(" ", ""), mode["width"], mode["height"])
        given[name] = [round(rate, 3) for rate in mode["rates"]]
    check("sources", "formats, sizes and rates are those that v4l2-ctl lists", given == wanted and len(given) > 0,
          f"{len(given)} modes in {len({m[0] for m in given})} formats, v4l2-ctl {len(wanted)}")
    check("sources", "the text names them", text.startswith("/dev/video0") and "320x180" in text, text.split("\n")[0])


def check_refusals(check, guest):
    cases = [("missing", (66,), "There is no camera 7"), ("nocamera", (65,), "no camera"),
             ("nosuchformat", (64, 65), "nosuch"), ("mjpeg", (65,), "mjpeg"), ("busy", (69,), "another program")]
    for name, statuses, words in cases:
        lines = guest.text(f"{name}.message").split("\n")
        message = next((line for line in lines if line.startswith("saccade: error")), lines[-1])
        status = guest.status(name)
        check(name, f"says '{words}', exit status {' or '.join(map(str, statuses))}",
              status in statuses and words in message, f"{status}, {message}")


def check_all(check, guest):
    check("machine", "everything was played", "done" in guest.words, guest.words[-1] if guest.words else "nothing")
    for words in guest.words:
        if words.startswith(("missed ", "hung ", "no control ")):
            check("machine", "nothing was missed", False, words)
    check_sources(check, guest)

    check_run(check, guest, "capture", [0], least=20)
    check("capture", "the camera gives what it was asked for", "320×180" in "".join(contents(guest, "capture")),
          contents(guest, "capture"))
    check_run(check, guest, "nearest", [0], least=8)
    check("nearest", "says that it gives another size and rate",
          "333x222" in "".join(contents(guest, "nearest")), contents(guest, "nearest"))
    check_refusals(check, guest)

    check_run(check, guest, "loss", [69], least=5)
    check_loss(check, guest, "loss", *guest.complaint("loss"), ALLOWED, "the run is summed up")
    check("loss", "so says the summary", guest.summary("loss").get("reason") == "lost",
          guest.summary("loss").get("reason"))

    summary = check_run(check, guest, "return", [143], least=15)
    uptime, event = first(guest.events("return"), 0, has_reason=True)
    check_loss(check, guest, "return", uptime or float("inf"), event.get("reason"),
               event.get("message", "nothing told"), PROMISE, "told")
    check("return", "the program had closed the device", "removed return" in guest.times)
    plugged = guest.times.get("plugged return", float("inf"))
    uptime, event = first(guest.events("return"), plugged - 0.5, state="live")
    after = uptime - plugged if uptime else float("inf")
    check("return", f"frames again within {ALLOWED} s of its return (on a real machine {PROMISE} s)", after <= ALLOWED,
          f"{after:.2f} s, {event.get('message')}")
    connections = summary.get("connections", {})
    check("return", "one loss in the summary", connections.get("losses") == {"lost": 1}, connections)

    summary = check_run(check, guest, "faults", [143], least=60)
    damaged = summary.get("frames", {}).get("undecodablePackets", 0)
    check("faults", "pictures with the driver's mark of errors are counted and left out", damaged >= 1, damaged)
    quiet, fatal = (guest.times.get(f"{word} faults", 0) for word in ("silence", "reopen"))
    early = [event["state"] for uptime, event in guest.events("faults") if uptime < quiet]
    check("faults", "no false alarm for drops, marks of errors, clocks and timestamps that jump",
          early == ["connecting", "live"], early)
    uptime, event = first(guest.events("faults"), quiet, state="stalled")
    check("faults", "a camera that gives nothing is stalled", uptime is not None,
          f"{uptime - quiet:.2f} s after the order" if uptime else "nothing told")
    uptime, event = first(guest.events("faults"), fatal, has_reason=True)
    check("faults", "one whose driver fails is lost", event.get("reason") == "lost", event.get("message"))
    connections = summary.get("connections", {})
    check("faults", "it is opened again each time, and an attempt that fails does no harm",
          connections.get("made") == 3 and connections.get("losses") == {"lost": 1, "timeout": 1}, connections)
    live = first(guest.events("faults"), 0, state="live")[0] or 0
    passed = guest.times.get("stop faults", 0) - live
    times = [line["time_s"] for line in guest.log("faults")] or [0]
    check("faults", "times are those of the clock that nobody sets", abs(times[-1] - passed) < 2,
          f"{times[-1]:.1f} s, {passed:.1f} s have passed")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saccade", required=True, metavar="BINARY")
    parser.add_argument("--weights", required=True, metavar="MODEL.onnx")
    parser.add_argument("--folder", default=".build/camera-vm", help="where downloads and the console's text are kept")
    parser.add_argument("--limit", type=float, default=240, help="seconds for the machine")
    options = parser.parse_args()
    root = unpacked_packages(os.path.abspath(options.folder))
    kernel = next(os.path.join(root, "boot", name) for name in sorted(os.listdir(os.path.join(root, "boot")))
                  if name.startswith("vmlinuz-"))
    console = os.path.join(options.folder, "console.txt")
    start = time.monotonic()
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        initramfs = os.path.join(scratch, "initramfs")
        make_initramfs(initramfs, root, options.saccade, options.weights)
        ended = boot(kernel, initramfs, console, options.limit)
    check = Checks()
    guest = Transcript(console)
    check("machine", f"ended by itself within {options.limit:g} s", ended, f"{time.monotonic() - start:.0f} s")
    check_all(check, guest)
    print(f"checks failed={check.failed}; the console's text is in {console}")
    sys.exit(1 if check.failed else 0)


if __name__ == "__main__":
    main()
