#!/usr/bin/env python3
"""Latency of the program beside ONNX Runtime and OpenVINO: the same models, threads and machine, in turns.

    compare_peers.py --saccade BINARY --folder .build/bench [--calibration IMAGES] [--threads 1 2] -- MODEL.onnx ...

In each round every program runs once, in a process of its own (A B C A B C …), so that a noisy machine disturbs all of
them alike; what counts are the medians of the rounds' medians, and their ratios. Prints a Markdown table, and writes all
figures to FOLDER/peers.json.

What is measured is the way from the network's input to boxes with scores: the whole graph for the peers, the network and
the decoding of its raw maps for the program (`median_ms` of `saccade benchmark model`). Letterbox and NMS are nobody's.

fp32    the model as it is.
int8    the peers quantize every node by their own tools with their own defaults (`quantize_static` of ONNX Runtime, NNCF
        for OpenVINO), calibrated on the images. The program's model is NAME-int8.onnx beside the model, or what
        `saccade quantize` makes; where there is neither, ONNX Runtime's file. Made models are kept in the folder. A
        model that is quantized already is run as it is by everybody.

The peers' packages are installed into FOLDER/venv when they are missing there.
"""
import argparse
import datetime
import hashlib
import json
import os
import platform
import statistics
import subprocess
import sys
import time

PACKAGES = ["onnx", "onnxruntime", "openvino", "nncf", "numpy", "pillow"]
NAMES = {"saccade": "Saccade", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO"}


# --- What runs inside the virtual environment -------------------------------------------------------------------------


def picture(path, model):
    """An image as the model wants it: 1×3×H×W."""
    import numpy
    from PIL import Image

    with Image.open(path) as file:
        image = file.convert("RGB")
    width, height = model["width"], model["height"]
    scale = min(width / image.width, height / image.height)
    image = image.resize((round(image.width * scale), round(image.height * scale)), Image.BILINEAR)
    canvas = Image.new("RGB", (width, height), (114, 114, 114))
    center = model["letterbox"] == "centered"
    place = ((width - image.width) // 2, (height - image.height) // 2) if center else (0, 0)
    canvas.paste(image, place)
    pixels = numpy.asarray(canvas, dtype=numpy.float32)
    if model["channelOrder"] == "bgr":
        pixels = pixels[:, :, ::-1]
    return numpy.ascontiguousarray(pixels.transpose(2, 0, 1)[None] * numpy.float32(model["scale"]))


def noise(model):
    import numpy

    size = (1, 3, model["height"], model["width"])
    return numpy.random.default_rng(7).random(size, dtype=numpy.float32) * numpy.float32(255 * model["scale"])


def quantize_onnxruntime(path, images, model, out):
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.rest = iter(images)

        def get_next(self):
            image = next(self.rest, None)
            return None if image is None else {model["input"]: picture(image, model)}

    quantize_static(path, out, Reader(), quant_format=QuantFormat.QDQ, activation_type=QuantType.QUInt8,
                    weight_type=QuantType.QInt8, per_channel=True)


def quantize_openvino(path, images, model, out):
    import nncf
    import openvino

    network = openvino.Core().read_model(path)
    network.reshape([1, 3, model["height"], model["width"]])
    dataset = nncf.Dataset(images, lambda image: picture(image, model))
    quantized = nncf.quantize(network, dataset, preset=nncf.QuantizationPreset.MIXED, subset_size=len(images))
    openvino.save_model(quantized, out, compress_to_fp16=False)


def onnxruntime_runner(path, threads, precision, sample, model):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: sample}
    return onnxruntime.__version__, lambda: session.run(None, feed)


def openvino_runner(path, threads, precision, sample, model):
    import openvino

    core = openvino.Core()
    network = core.read_model(path)
    network.reshape([1, 3, model["height"], model["width"]])
    settings = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"}
    if precision == "fp32":
        settings["INFERENCE_PRECISION_HINT"] = "f32"
    request = core.compile_model(network, "CPU", settings).create_infer_request()
    return openvino.__version__, lambda: request.infer([sample])


def inside(task):
    """One task in a process of its own: to quantize a model, or to measure one."""
    model = task["model"]
    if task["do"] == "quantize":
        tool = {"onnxruntime": quantize_onnxruntime, "openvino": quantize_openvino}[task["runtime"]]
        return tool(task["path"], task["images"], model, task["out"])
    sample = picture(task["images"][0], model) if task["images"] else noise(model)
    runner = {"onnxruntime": onnxruntime_runner, "openvino": openvino_runner}[task["runtime"]]
    version, run = runner(task["path"], task["threads"], task["precision"], sample, model)
    for _ in range(3):
        run()
    times = []
    for _ in range(task["runs"]):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1e3)
    print(json.dumps({"median_ms": statistics.median(times), "min_ms": min(times), "version": version}))
    return None


# --- What runs outside ------------------------------------------------------------------------------------------------


def say(text):
    print(text, file=sys.stderr, flush=True)


def output_of(command, **more):
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False, **more)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {result.returncode}")
    return result.stdout


class Comparison:
    def __init__(self, options):
        self.options = options
        self.folder = os.path.abspath(options.folder)
        self.python = os.path.join(self.folder, "venv", "bin", "python")
        self.images = []
        if options.calibration and os.path.isdir(options.calibration):
            names = sorted(n for n in os.listdir(options.calibration) if n.lower().endswith((".jpg", ".jpeg", ".png")))
            self.images = [os.path.abspath(os.path.join(options.calibration, name)) for name in names[:64]]
        self.versions = {}

    def install(self):
        stamp = os.path.join(self.folder, "venv", "ready")
        wanted = " ".join(PACKAGES)
        if os.path.exists(stamp) and open(stamp).read() == wanted:
            return
        say("installing the peers, which takes some minutes the first time")
        subprocess.run([sys.executable, "-m", "venv", os.path.join(self.folder, "venv")], check=True)
        subprocess.run([self.python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *PACKAGES], check=True)
        with open(stamp, "w") as file:
            file.write(wanted)

    def inside(self, **task):
        """Runs a task in a process of its own; returns the last line that it prints."""
        lines = output_of([self.python, os.path.abspath(__file__), "--inside", json.dumps(task)]).splitlines()
        return lines[-1] if lines else ""

    def describe(self, path):
        document = json.loads(output_of([self.options.saccade, "inspect", path, "--json"]))
        if not document.get("detector"):
            sys.exit(f"{path} is no detector: {document.get('notADetector')}")
        keys = ("width", "height", "letterbox", "channelOrder", "scale")
        model = {key: document["detector"][key] for key in keys}
        return dict(model, input=document["inputs"][0]["name"],
                    quantized=document["operators"].get("quantizeLinear", 0) > 0)

    def made(self, path, suffix, make):
        """The path of a model that is made once for each content of another."""
        digest = hashlib.sha256(open(path, "rb").read()).hexdigest()[:8]
        stem = os.path.splitext(os.path.basename(path))[0]
        out = os.path.join(self.folder, "models", f"{stem}-{digest}{suffix}")
        if not os.path.exists(out):
            os.makedirs(os.path.dirname(out), exist_ok=True)
            say(f"making {os.path.relpath(out)}")
            begin, end = os.path.splitext(out)
            part = f"{begin}.part{end}"
            make(part)
            if end == ".xml":
                os.replace(f"{begin}.part.bin", f"{begin}.bin")
            os.replace(part, out)
        return out

    def int8_models(self, path, model):
        """The quantized model of each program; those that cannot be made are left out."""
        if model["quantized"]:
            return {name: path for name in NAMES}, "the given file"
        if not self.images:
            say("no images to calibrate with: name some with --calibration; int8 is left out")
            return {}, None
        models = {}
        for runtime, suffix in (("onnxruntime", "-ort-int8.onnx"), ("openvino", "-openvino-int8.xml")):
            if runtime in self.options.peers:
                models[runtime] = self.made(path, suffix, lambda out, runtime=runtime: self.inside(
                    do="quantize", runtime=runtime, path=os.path.abspath(path), images=self.images, model=model,
                    out=out))
        beside = os.path.splitext(path)[0] + "-int8.onnx"
        if os.path.exists(beside):
            return dict(models, saccade=beside), "the file beside it"
        try:
            help_text = subprocess.run([self.options.saccade, "quantize", "--help"], capture_output=True, check=False)
            can_quantize = help_text.returncode == 0 and b"--calibration" in help_text.stdout
            if can_quantize:
                command = [self.options.saccade, "quantize", path, "--calibration", self.options.calibration, "-o"]
                models["saccade"] = self.made(
                    path, "-int8.onnx", lambda out: subprocess.run([*command, out], check=True, stdout=sys.stderr))
                return models, "saccade quantize"
        except subprocess.CalledProcessError as error:
            say(f"saccade quantize ended with {error.returncode}")
        if "onnxruntime" in models:
            return dict(models, saccade=models["onnxruntime"]), "ONNX Runtime's file"
        return models, None

    def measure(self, program, path, precision, threads, model):
        runs = self.options.runs
        if program == "saccade":
            command = [self.options.saccade, "benchmark", "model", path, "--threads", str(threads), "--runs", str(runs),
                       "--square", "--json"]
            if self.images:
                command += ["--picture", self.images[0]]
            figures = json.loads(output_of(command))
            self.versions["saccade"] = figures["instruction_set"]
            return {key: figures[key] for key in ("median_ms", "network_ms", "decoding_ms", "detector_ms")} | {
                "share_of_peak": figures["convolutions"]["share_of_peak"]}
        figures = json.loads(self.inside(
            do="measure", runtime=program, path=os.path.abspath(path), precision=precision, threads=threads, runs=runs,
            model=model, images=self.images[:1]))
        self.versions[program] = figures.pop("version")
        return figures

    def rows(self):
        for path in self.options.models:
            model = self.describe(path)
            programs = ["saccade", *self.options.peers]
            kinds = []
            if "fp32" in self.options.precisions and not model["quantized"]:
                kinds.append(("fp32", {name: path for name in programs}, "the given file"))
            if "int8" in self.options.precisions:
                kinds.append(("int8", *self.int8_models(path, model)))
            for precision, models, origin in kinds:
                models = {name: models[name] for name in programs if name in models}
                for threads in self.options.threads:
                    rounds = {name: [] for name in models}
                    for _ in range(self.options.rounds):
                        for name in models:
                            rounds[name].append(self.measure(name, models[name], precision, threads, model))
                    if models:
                        yield Row(path, precision, threads, rounds, origin)


class Row:
    """A model in one precision with one number of threads."""

    def __init__(self, path, precision, threads, rounds, origin):
        self.model = os.path.basename(path)
        self.precision, self.threads, self.rounds, self.origin = precision, threads, rounds, origin
        self.medians = {name: statistics.median(f["median_ms"] for f in figures) for name, figures in rounds.items()}
        ours = self.medians.get("saccade")
        self.ratios = {name: ours / ms for name, ms in self.medians.items() if ours and name != "saccade"}
        #: To the better peer.
        self.ratio = max(self.ratios.values(), default=None)

    def document(self):
        return dict(model=self.model, precision=self.precision, threads=self.threads, saccade_model=self.origin,
                    median_ms=self.medians, ratios=self.ratios, ratio_to_the_better=self.ratio, rounds=self.rounds)

    @staticmethod
    def head(peers):
        cells = ["model", "precision", "threads", "Saccade ms", *[f"{NAMES[name]} ms" for name in peers],
                 *[f"÷ {NAMES[name]}" for name in peers], "÷ the better", "conv share of peak"]
        return "| " + " | ".join(cells) + " |\n|" + "---|" * len(cells)

    def line(self, peers):
        def number(value, style):
            return "–" if value is None else format(value, style)

        shares = [figures["share_of_peak"] for figures in self.rounds.get("saccade", [])]
        share = f"{statistics.median(shares):.0%}" if shares else "–"
        # Whose quantized model the program ran, where it is not its own.
        note = f" ({self.origin})" if self.origin == "ONNX Runtime's file" else ""
        cells = [self.model + note, self.precision, str(self.threads), number(self.medians.get("saccade"), ".1f"),
                 *[number(self.medians.get(name), ".1f") for name in peers],
                 *[number(self.ratios.get(name), ".2f") for name in peers], number(self.ratio, ".2f"), share]
        return "| " + " | ".join(cells) + " |"


def processor():
    try:
        with open("/proc/cpuinfo") as file:
            return next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--inside":
        return inside(json.loads(sys.argv[2]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL.onnx")
    parser.add_argument("--saccade", required=True, help="the program")
    parser.add_argument("--folder", required=True, help="where the environment, made models and figures are kept")
    parser.add_argument("--calibration", metavar="IMAGES", help="a folder of images; without it int8 is left out")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--precisions", nargs="+", choices=["fp32", "int8"], default=["fp32", "int8"])
    parser.add_argument("--peers", nargs="+", choices=["onnxruntime", "openvino"], default=["onnxruntime", "openvino"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=30, help="inferences in a round")
    parser.add_argument("--limit", type=float, help="exit with 1 when a ratio to the better peer is above this")
    options = parser.parse_args()

    comparison = Comparison(options)
    comparison.install()
    rows = []
    print(Row.head(options.peers), flush=True)
    for row in comparison.rows():
        rows.append(row)
        print(row.line(options.peers), flush=True)
    os.makedirs(options.folder, exist_ok=True)
    path = os.path.join(options.folder, "peers.json")
    with open(path, "w") as file:
        json.dump(dict(date=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
                       processor=processor(), cores=os.cpu_count(), load=os.getloadavg(), versions=comparison.versions,
                       rounds=options.rounds, runs=options.runs, rows=[row.document() for row in rows]), file, indent=1)
    versions = ", ".join(f"{NAMES[name]} {version}" for name, version in comparison.versions.items())
    print(f"\n{processor()}, {os.cpu_count()} cores; {versions}; medians of {options.rounds} rounds in turns. "
          f"All figures: {os.path.relpath(path)}")
    worst = max((row.ratio for row in rows if row.ratio), default=0)
    return 1 if options.limit and worst > options.limit else 0


if __name__ == "__main__":
    sys.exit(main())
