"""Builds the golden loss curves of the tests: three tiny trainings, as PyTorch does them.

    python3 Tests/Oracles/make_training_goldens.py

writes Tests/TrainingTests/Goldens/curves.json: for a CNN, an LSTM and a transformer the first 50 losses in float32, and
in float64 as the true curve; and the gradient norm of each parameter in the first step (before clipping, without weight
decay). No weights are stored: weights and data come from SplitMix64, which every program repeats exactly.

    draws(seed)     state = seed; a draw is state += 0x9E3779B97F4A7C15; z = state;
                    z = (z ^ z >> 30) · 0xBF58476D1CE4E5B9; z = (z ^ z >> 27) · 0x94D049BB133111EB; z ^ z >> 31.
    real numbers    u = (draw >> 40) / 2^24; the value is center + (2·u − 1) · bound in float32, in row-major order.
    whole numbers   (draw >> 40) mod count.

A parameter is {"name", "shape", "seed", "center", "bound", "gradientNorm", "gradientNorm64"}; shapes and gate orders are
PyTorch's: linear [out, in], convolution [out, in / groups, height, width], LSTM weights [4 · hidden, in] with the gates
input, forget, cell, output. Batch k of the data has the seed `seed + k`; step s takes batch s mod `batches`. Needs numpy
and torch.
"""

import json
import math
import pathlib

import numpy as np
import torch
import torch.nn.functional as F
from torch.nn.utils.rnn import pack_padded_sequence

PATH = pathlib.Path(__file__).resolve().parent.parent / "TrainingTests" / "Goldens" / "curves.json"
STEPS = 50
MASK = 2**64 - 1


def draws(seed, count):
    """The upper 24 bits of SplitMix64 (Steele, Lea and Flood 2014)."""
    state, out = seed, np.empty(count, np.int64)
    for i in range(count):
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = ((state ^ state >> 30) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) & MASK
        out[i] = (z ^ z >> 31) >> 40
    return out


def reals(seed, shape, bound, center=0.0):
    unit = draws(seed, math.prod(shape)).astype(np.float32) / np.float32(2**24)
    values = np.float32(center) + (np.float32(2) * unit - np.float32(1)) * np.float32(bound)
    assert values.dtype == np.float32
    return torch.from_numpy(values.reshape(shape))


def wholes(seed, shape, count):
    return torch.from_numpy(draws(seed, math.prod(shape)).reshape(shape) % count)


class Parameters:
    """The list of a model's parameters, in the order of their creation."""

    def __init__(self, seed):
        self.first, self.entries = seed, []

    def add(self, name, *shape, fan=None, bound=0.0, center=0.0):
        """Uniform within 1/√fan, or within the bound."""
        bound = float(np.float32(1 / math.sqrt(fan) if fan else bound))
        self.entries.append({"name": name, "shape": list(shape), "seed": self.first + len(self.entries),
                             "center": center, "bound": bound})

    def linear(self, name, inputs, outputs, weight="weight", bias="bias"):
        self.add(f"{name}.{weight}", outputs, inputs, fan=inputs)
        self.add(f"{name}.{bias}", outputs, fan=inputs)

    def norm(self, name, width):
        self.add(f"{name}.weight", width, center=1.0)
        self.add(f"{name}.bias", width)

    def tensors(self, dtype):
        return {
            e["name"]: reals(e["seed"], e["shape"], e["bound"], e["center"]).to(dtype).requires_grad_()
            for e in self.entries
        }


# ---------------------------------------------------------------------------------------------------- CNN


class ConvolutionalNetwork:
    name = "cnn"
    optimizer = {"name": "sgd", "rate": 0.05, "momentum": 0.9, "nesterov": True, "dampening": 0.0,
                 "weightDecay": 1e-4}
    data = {
        "batches": 4, "batch": 8,
        "images": {"shape": [8, 3, 16, 16], "seed": 1000, "center": 0.0, "bound": 1.0},
        "labels": {"shape": [8], "seed": 2000, "count": 5},
    }
    architecture = {
        "layers": [
            "conv1: 3→8, 3×3, padding 1, no bias", "bn1", "relu", "conv2: 8→16, 3×3, stride 2, padding 1, no bias",
            "bn2", "relu", "conv3: 16→16, 3×3, padding 1, 16 groups, no bias", "conv4: 16→32, 1×1, no bias", "bn3",
            "relu", "mean over height and width", "linear: 32→5",
        ],
        "batchNormalization": {"epsilon": 1e-5, "training": True},
        "loss": "cross-entropy, mean over the batch",
        "weightDecay": "added to the gradient of every parameter",
    }

    def parameters(self):
        p = Parameters(100)
        for index, (shape, norm) in enumerate([((8, 3, 3, 3), 8), ((16, 8, 3, 3), 16), ((16, 1, 3, 3), None),
                                               ((32, 16, 1, 1), 32)]):
            p.add(f"conv{index + 1}.weight", *shape, fan=math.prod(shape[1:]))
            if norm:
                p.norm(f"bn{min(index + 1, 3)}", norm)
        p.linear("linear", 32, 5)
        return p

    def loss(self, p, batch, dtype):
        d = self.data
        x = reals(d["images"]["seed"] + batch, d["images"]["shape"], d["images"]["bound"]).to(dtype)
        labels = wholes(d["labels"]["seed"] + batch, d["labels"]["shape"], d["labels"]["count"])

        def norm(x, name):
            return torch.relu(F.batch_norm(x, None, None, p[f"{name}.weight"], p[f"{name}.bias"], training=True))

        x = norm(F.conv2d(x, p["conv1.weight"], padding=1), "bn1")
        x = norm(F.conv2d(x, p["conv2.weight"], stride=2, padding=1), "bn2")
        x = F.conv2d(x, p["conv3.weight"], padding=1, groups=16)
        x = norm(F.conv2d(x, p["conv4.weight"]), "bn3")
        return F.cross_entropy(F.linear(x.mean((2, 3)), p["linear.weight"], p["linear.bias"]), labels)

    def make_optimizer(self, parameters):
        o = self.optimizer
        return torch.optim.SGD(parameters, o["rate"], o["momentum"], o["dampening"], o["weightDecay"], o["nesterov"])


# --------------------------------------------------------------------------------------------------- LSTM


class RecurrentNetwork:
    name = "lstm"
    optimizer = {"name": "adam", "rate": 0.01, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weightDecay": 0.0,
                 "clipNorm": 1.0}
    data = {
        "batches": 4, "batch": 6,
        "tokens": {"shape": [12, 6], "seed": 3000, "count": 20},
        "labels": {"shape": [6], "seed": 4000, "count": 4},
        # Of batch k.
        "lengths": [[12, 7, 9, 3, 12, 5], [4, 12, 12, 8, 6, 1], [10, 11, 2, 12, 7, 9], [5, 6, 12, 3, 8, 12]],
    }
    architecture = {
        "layers": [
            "tokens [time, batch] → embedding [20, 10]",
            "lstm: 2 layers of 12, both directions; the reverse one begins at the last token of each length",
            "layer 1 reads the forward and reverse outputs of layer 0, concatenated",
            "features: last state of layer 1 forward (at the length), then of reverse (at token 0): 24",
            "linear: 24→4",
        ],
        "names": "weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0 and the same with _reverse; both biases are added",
        "initialStates": "zero",
        "loss": "cross-entropy, mean over the batch",
        "clipNorm": "all gradients times min(1, clipNorm / (norm + 1e-6)), norm over all parameters together",
    }

    def parameters(self):
        p = Parameters(200)
        p.add("embedding.weight", 20, 10, bound=1.0)
        for layer, inputs in enumerate((10, 24)):
            for suffix in ("", "_reverse"):
                tag = f"l{layer}{suffix}"
                p.add(f"lstm.weight_ih_{tag}", 48, inputs, fan=12)
                p.add(f"lstm.weight_hh_{tag}", 48, 12, fan=12)
                p.add(f"lstm.bias_ih_{tag}", 48, fan=12)
                p.add(f"lstm.bias_hh_{tag}", 48, fan=12)
        p.linear("linear", 24, 4)
        return p

    def loss(self, p, batch, dtype):
        d = self.data
        tokens = wholes(d["tokens"]["seed"] + batch, d["tokens"]["shape"], d["tokens"]["count"])
        labels = wholes(d["labels"]["seed"] + batch, d["labels"]["shape"], d["labels"]["count"])
        lengths = torch.tensor(d["lengths"][batch])
        x = pack_padded_sequence(p["embedding.weight"][tokens], lengths, enforce_sorted=False)
        weights = [t for n, t in p.items() if n.startswith("lstm.")]
        zeros = torch.zeros(4, 6, 12, dtype=dtype)
        _, h, _ = torch.lstm(x.data, x.batch_sizes, (zeros, zeros), weights, True, 2, 0.0, True, True)
        features = torch.cat([h[2], h[3]], 1)[x.unsorted_indices]
        return F.cross_entropy(F.linear(features, p["linear.weight"], p["linear.bias"]), labels)

    def make_optimizer(self, parameters):
        o = self.optimizer
        return torch.optim.Adam(parameters, o["rate"], (o["beta1"], o["beta2"]), o["epsilon"])


# -------------------------------------------------------------------------------------------- transformer


class Transformer:
    name = "transformer"
    optimizer = {"name": "adamW", "rate": 0.002, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weightDecay": 0.01,
                 "warmupSteps": 10}
    data = {
        "batches": 4, "batch": 6,
        "tokens": {"shape": [6, 10], "seed": 5000, "count": 30},
        "labels": {"shape": [6], "seed": 6000, "count": 3},
        "lengths": [[10, 6, 8, 3, 10, 5], [4, 10, 9, 8, 6, 1], [10, 7, 2, 10, 7, 9], [5, 6, 10, 3, 8, 10]],
    }
    architecture = {
        "layers": [
            "tokens [batch, time] → embedding [30, 16] + position [10, 16]",
            "2 times: x += attention(norm1(x)); x += linear2(gelu(linear1(norm2(x))))",
            "mean over the tokens within the length", "linear: 16→3",
        ],
        "attention": "2 heads of 8; in_proj rows are query, key, value, 16 each, head h in rows 8·h…; scores times 8^−½; "
                     "keys beyond the length get −∞ before the softmax; out_proj",
        "layerNormalization": {"epsilon": 1e-5}, "gelu": "exact, by erf", "finalNormalization": False, "dropout": 0.0,
        "loss": "cross-entropy, mean over the batch",
        "rate": "of step s, from 0: rate · min(1, (s + 1) / warmupSteps)",
        "weightDecay": "decoupled: every parameter times 1 − rate · weightDecay before its step",
    }

    def parameters(self):
        p = Parameters(300)
        p.add("embedding.weight", 30, 16, bound=1.0)
        p.add("position.weight", 10, 16, bound=0.5)
        for layer in (0, 1):
            p.norm(f"layer{layer}.norm1", 16)
            p.linear(f"layer{layer}.in_proj", 16, 48)
            p.linear(f"layer{layer}.out_proj", 16, 16)
            p.norm(f"layer{layer}.norm2", 16)
            p.linear(f"layer{layer}.linear1", 16, 32)
            p.linear(f"layer{layer}.linear2", 32, 16)
        p.linear("linear", 16, 3)
        return p

    def loss(self, p, batch, dtype):
        d = self.data
        tokens = wholes(d["tokens"]["seed"] + batch, d["tokens"]["shape"], d["tokens"]["count"])
        labels = wholes(d["labels"]["seed"] + batch, d["labels"]["shape"], d["labels"]["count"])
        lengths = torch.tensor(d["lengths"][batch])
        valid = torch.arange(10) < lengths[:, None]
        x = p["embedding.weight"][tokens] + p["position.weight"]

        def linear(x, name):
            return F.linear(x, p[f"{name}.weight"], p[f"{name}.bias"])

        def norm(x, name):
            return F.layer_norm(x, (16,), p[f"{name}.weight"], p[f"{name}.bias"])

        for layer in ("layer0", "layer1"):
            q, k, v = (t.reshape(6, 10, 2, 8).transpose(1, 2)
                       for t in linear(norm(x, f"{layer}.norm1"), f"{layer}.in_proj").chunk(3, -1))
            scores = (q @ k.transpose(-1, -2) / math.sqrt(8)).masked_fill(~valid[:, None, None], -math.inf)
            heads = (scores.softmax(-1) @ v).transpose(1, 2).reshape(6, 10, 16)
            x = x + linear(heads, f"{layer}.out_proj")
            x = x + linear(F.gelu(linear(norm(x, f"{layer}.norm2"), f"{layer}.linear1")), f"{layer}.linear2")
        mean = (x * valid[..., None]).sum(1) / lengths[:, None]
        return F.cross_entropy(linear(mean, "linear"), labels)

    def make_optimizer(self, parameters):
        o = self.optimizer
        return torch.optim.AdamW(parameters, o["rate"], (o["beta1"], o["beta2"]), o["epsilon"], o["weightDecay"])


def train(model, entries, dtype):
    """The losses, each before its step, and the first gradient norms."""
    parameters = entries.tensors(dtype)
    optimizer = model.make_optimizer(list(parameters.values()))
    rate, warmup = model.optimizer["rate"], model.optimizer.get("warmupSteps", 0)
    losses, norms = [], None
    for step in range(STEPS):
        if warmup:
            for group in optimizer.param_groups:
                group["lr"] = rate * min(1, (step + 1) / warmup)
        optimizer.zero_grad()
        loss = model.loss(parameters, step % model.data["batches"], dtype)
        loss.backward()
        norms = norms or [p.grad.norm().item() for p in parameters.values()]
        if "clipNorm" in model.optimizer:
            torch.nn.utils.clip_grad_norm_(list(parameters.values()), model.optimizer["clipNorm"])
        optimizer.step()
        losses.append(loss.item())
    return losses, norms


def main():
    torch.set_num_threads(1)
    assert [int(v) for v in draws(0, 1)] == [0xE220A8397B1DCDAF >> 40]
    documents = []
    for model in (ConvolutionalNetwork(), RecurrentNetwork(), Transformer()):
        entries = model.parameters()
        losses, norms = train(model, entries, torch.float32)
        true, true_norms = train(model, entries, torch.float64)
        apart = max(abs(a - b) for a, b in zip(losses, true))
        print(f"{model.name}: {losses[0]:.4f} → {losses[-1]:.4f}, float32 and float64 apart by at most {apart:.2g}, "
              f"least gradient norm {min(true_norms):.2g}")
        # A bound of 1e-3 on a curve means something only far above this.
        assert apart < 5e-5 and losses[-2] < 0.8 * losses[0] and min(true_norms) > 1e-4
        for entry, norm, true_norm in zip(entries.entries, norms, true_norms):
            entry["gradientNorm"], entry["gradientNorm64"] = norm, true_norm
        documents.append({
            "name": model.name, "architecture": model.architecture, "optimizer": model.optimizer, "data": model.data,
            "parameters": entries.entries, "losses": losses, "losses64": true,
        })
    PATH.write_text(json.dumps(documents, indent=1, ensure_ascii=False) + "\n")
    print(PATH.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
