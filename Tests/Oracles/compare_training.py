#!/usr/bin/env python3
"""Time of a training step beside PyTorch: the same networks, threads and machine, in turns.

    compare_training.py --saccade BINARY --folder .build/bench [--tasks cnn lstm transformer] [--threads 2]

In each round every program runs once, in a process of its own (A B A B …), so that a noisy machine disturbs all of them
alike; what counts are the medians of the rounds' medians, and their ratios. Prints a Markdown table, and writes all
figures to FOLDER/training.json. Without --saccade PyTorch is measured alone.

A step is forward, backward and optimizer on one fixed batch of random numbers, in float32:

cnn          16×3×160×160; conv 3→16 and 16→32, 3×3 stride 2; two residual blocks of 32; conv 32→64, 3×3 stride 2; two
             residual blocks of 64; global average pool; linear 10. Every convolution is without bias, with batch
             normalization and SiLU; a block is x + f(f(x)), f a 3×3 convolution. Cross-entropy; SGD with momentum 0.9.
lstm         input 100×32×64 (time, batch, width), two layers of 256, last output, linear 10. Cross-entropy; Adam.
transformer  tokens 16×128 of 1000, four pre-norm encoder layers of 256 with 8 heads, feed-forward 1024 and GELU, no
             dropout, mean over time, linear 10. Cross-entropy; AdamW.

PyTorch runs the CNN in both memory formats, and every task with its fused optimizer; its better format counts. It is
eager: `torch.compile` would want a C++ compiler beside it. The program is asked by `saccade benchmark training --task …
--threads N --json`, which prints {"task", "milliseconds", "multiplyAdds", "shareOfPeak"}.

PyTorch is that of --python, or is installed into FOLDER/venv-training when it is missing there.
"""
import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import time

PACKAGES = ["torch", "numpy"]
FORMATS = {"cnn": ["contiguous", "channels_last"], "lstm": ["contiguous"], "transformer": ["contiguous"]}


# --- What runs inside the virtual environment -------------------------------------------------------------------------


def convolutional(channels_last):
    import torch
    from torch import nn

    def unit(inputs, outputs, stride=1):
        return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.SiLU())

    class Block(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.body = nn.Sequential(unit(width, width), unit(width, width))

        def forward(self, x):
            return x + self.body(x)

    network = nn.Sequential(unit(3, 16, 2), unit(16, 32, 2), Block(32), Block(32), unit(32, 64, 2), Block(64), Block(64),
                            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
    images, labels = torch.randn(16, 3, 160, 160), torch.randint(10, (16,))
    if channels_last:
        network = network.to(memory_format=torch.channels_last)
        images = images.to(memory_format=torch.channels_last)
    return network, torch.optim.SGD(network.parameters(), 0.01, 0.9, fused=True), images, labels


def recurrent():
    import torch
    from torch import nn

    class Classifier(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.linear = nn.LSTM(64, 256, 2), nn.Linear(256, 10)

        def forward(self, x):
            return self.linear(self.lstm(x)[0][-1])

    network = Classifier()
    return (network, torch.optim.Adam(network.parameters(), 1e-3, fused=True), torch.randn(100, 32, 64),
            torch.randint(10, (32,)))


def transformer():
    import torch
    from torch import nn

    class Classifier(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(1000, 256)
            self.layers = nn.Sequential(*[
                nn.TransformerEncoderLayer(256, 8, 1024, 0.0, "gelu", batch_first=True, norm_first=True)
                for _ in range(4)
            ])
            self.linear = nn.Linear(256, 10)

        def forward(self, tokens):
            return self.linear(self.layers(self.embedding(tokens)).mean(1))

    network = Classifier()
    return (network, torch.optim.AdamW(network.parameters(), 1e-3, fused=True), torch.randint(1000, (16, 128)),
            torch.randint(10, (16,)))


def inside(task):
    """Measures one network in a process of its own."""
    import torch

    torch.manual_seed(7)
    torch.set_num_threads(task["threads"])
    torch.set_num_interop_threads(1)
    if task["task"] == "cnn":
        network, optimizer, inputs, labels = convolutional(task["format"] == "channels_last")
    else:
        network, optimizer, inputs, labels = {"lstm": recurrent, "transformer": transformer}[task["task"]]()

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = torch.nn.functional.cross_entropy(network(inputs), labels)
        loss.backward()
        optimizer.step()
        return loss

    for _ in range(task["warmup"]):
        first = step()
    times = []
    for _ in range(task["steps"]):
        start = time.perf_counter()
        last = step()
        times.append((time.perf_counter() - start) * 1e3)
    if not last.isfinite() or last.item() >= first.item():
        sys.exit(f"PyTorch learns nothing: {first.item()}, then {last.item()}")
    print(json.dumps({"milliseconds": statistics.median(times), "least": min(times), "version": torch.__version__,
                      "parameters": sum(p.numel() for p in network.parameters())}))


# --- What runs outside ------------------------------------------------------------------------------------------------


def say(text):
    print(text, file=sys.stderr, flush=True)


def last_line(command):
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=False)
    lines = result.stdout.splitlines()
    if result.returncode != 0 or not lines:
        sys.exit(f"{' '.join(command)} ended with {result.returncode}")
    return json.loads(lines[-1])


class Comparison:
    def __init__(self, options):
        self.options = options
        self.folder = os.path.abspath(options.folder)
        self.python = options.python or os.path.join(self.folder, "venv-training", "bin", "python")
        self.version = None

    def install(self):
        if self.options.python:
            return
        environment = os.path.join(self.folder, "venv-training")
        stamp = os.path.join(environment, "ready")
        wanted = " ".join(PACKAGES)
        if os.path.exists(stamp):
            with open(stamp) as file:
                if file.read() == wanted:
                    return
        say("installing PyTorch, which takes some minutes the first time")
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        subprocess.run([self.python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *PACKAGES], check=True)
        with open(stamp, "w") as file:
            file.write(wanted)

    def torch(self, task, threads, memory_format):
        question = {"task": task, "threads": threads, "format": memory_format, "steps": self.options.steps,
                    "warmup": self.options.warmup}
        figures = last_line([self.python, os.path.abspath(__file__), "--inside", json.dumps(question)])
        self.version = figures.pop("version")
        return figures

    def saccade(self, task, threads):
        return last_line([self.options.saccade, "benchmark", "training", "--task", task, "--threads", str(threads),
                          "--json"])

    def rows(self):
        for task in self.options.tasks:
            for threads in self.options.threads:
                ours, peers = [], {name: [] for name in FORMATS[task]}
                for _ in range(self.options.rounds):
                    if self.options.saccade:
                        ours.append(self.saccade(task, threads))
                    for name, figures in peers.items():
                        figures.append(self.torch(task, threads, name))
                yield Row(task, threads, ours, peers)


class Row:
    """A network with one number of threads."""

    def __init__(self, task, threads, ours, peers):
        self.task, self.threads, self.ours, self.peers = task, threads, ours, peers
        self.medians = {n: statistics.median(f["milliseconds"] for f in figures) for n, figures in peers.items()}
        self.least = {n: min(f["least"] for f in figures) for n, figures in peers.items()}
        self.better = min(self.medians, key=self.medians.get)
        self.own = statistics.median(f["milliseconds"] for f in ours) if ours else None
        #: To PyTorch's better memory format; below 1 the program is faster.
        self.ratio = self.own / self.medians[self.better] if ours else None
        self.share = statistics.median(f["shareOfPeak"] for f in ours) if ours else None

    def document(self):
        return dict(task=self.task, threads=self.threads, saccade_ms=self.own, torch_ms=self.medians,
                    torch_least_ms=self.least, better=self.better, ratio=self.ratio, share_of_peak=self.share,
                    rounds=dict(saccade=self.ours, torch=self.peers))

    @staticmethod
    def head():
        cells = ["task", "threads", "Saccade ms", "PyTorch ms", "least", "of", "÷ PyTorch", "share of peak"]
        return "| " + " | ".join(cells) + " |\n|" + "---|" * len(cells)

    def line(self):
        def number(value, style):
            return "–" if value is None else format(value, style)

        others = ", ".join(f"{n} {ms:.1f}" for n, ms in self.medians.items() if n != self.better)
        cells = [self.task, str(self.threads), number(self.own, ".1f"), f"{self.medians[self.better]:.1f}",
                 f"{self.least[self.better]:.1f}", self.better + (f" ({others})" if others else ""),
                 number(self.ratio, ".2f"), number(self.share, ".0%")]
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
    parser.add_argument("--saccade", help="the program; without it PyTorch is measured alone")
    parser.add_argument("--folder", required=True, help="where the environment and the figures are kept")
    parser.add_argument("--python", help="an interpreter that has PyTorch")
    parser.add_argument("--tasks", nargs="+", choices=list(FORMATS), default=list(FORMATS))
    parser.add_argument("--threads", type=int, nargs="+", default=[2])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20, help="timed steps in a round")
    parser.add_argument("--warmup", type=int, default=5, help="steps before them")
    parser.add_argument("--limit", type=float, help="exit with 1 when a ratio is above this")
    options = parser.parse_args()
    if options.warmup < 1 or options.steps < 1 or options.rounds < 1:
        parser.error("--rounds, --steps and --warmup want 1 or more")

    comparison = Comparison(options)
    comparison.install()
    rows = []
    print(Row.head(), flush=True)
    for row in comparison.rows():
        rows.append(row)
        print(row.line(), flush=True)
    os.makedirs(options.folder, exist_ok=True)
    path = os.path.join(options.folder, "training.json")
    with open(path, "w") as file:
        json.dump(dict(date=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
                       processor=processor(), cores=os.cpu_count(), load=os.getloadavg(), torch=comparison.version,
                       rounds=options.rounds, steps=options.steps, rows=[row.document() for row in rows]), file, indent=1)
    print(f"\n{processor()}, {os.cpu_count()} cores; PyTorch {comparison.version}; medians of {options.rounds} rounds "
          f"in turns. All figures: {os.path.relpath(path)}")
    worst = max((row.ratio for row in rows if row.ratio), default=0)
    return 1 if options.limit and worst > options.limit else 0


if __name__ == "__main__":
    sys.exit(main())
