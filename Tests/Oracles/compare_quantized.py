#!/usr/bin/env python3
"""Compares the quantized tensors of int8 models with those of ONNX Runtime, element by element.

    compare_quantized.py --saccade BINARY [--free] --images PICTURE ... -- MODEL-int8.onnx ...

For each picture `saccade inspect --tensors` writes the network's input and the quantized tensors. ONNX Runtime, without
its optimizations, computes each tensor from Saccade's tensors before it, so that every operator is judged by itself. Of
each tensor, on each picture, at least 99 % of the elements must lie within one step; the share of equal ones is told too.

With --free ONNX Runtime computes all from the picture. A step at one place becomes others at the next, so that there is
no bound here; beside it stands how far ONNX Runtime is from itself where a hundredth of the pixels is a level brighter.

Prints the worst tensors of each model; exits 1 when a tensor is below the bound, or not among Saccade's. Needs numpy,
onnx and onnxruntime.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

LEAST = 0.99
COMPUTED = "_computed"


class Model:
    """An int8 model that gives every result of QuantizeLinear; when forced, each from the given ones before it."""

    def __init__(self, path, threads, forced):
        model = onnx.load(path)
        graph = model.graph
        constants = {i.name for i in graph.initializer}
        users = {n.input[0]: n.output[0] for n in graph.node if n.op_type == "DequantizeLinear"}
        # The names by which Saccade may know each result.
        self.names = {}
        for node in graph.node:
            if node.op_type != "QuantizeLinear" or node.input[0] in constants:
                continue
            result = node.output[0]
            self.names[result] = (result, node.input[0], users.get(result, result))
            if forced:
                graph.input.append(onnx.helper.make_tensor_value_info(result, onnx.TensorProto.UINT8, None))
                node.output[0] = result + COMPUTED
            graph.output.append(onnx.helper.make_tensor_value_info(node.output[0], onnx.TensorProto.UINT8, None))
        self.outputs = [name + COMPUTED if forced else name for name in self.names]
        self.input = graph.input[0].name
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 3
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"])

    def run(self, inputs):
        return dict(zip(self.names, self.session.run(self.outputs, inputs), strict=True))


class Shares:
    """Of each tensor the least share, among the pictures, of elements that are equal, and that lie within one step."""

    def __init__(self):
        self.by_name = {}

    def add(self, name, ours, theirs):
        steps = np.abs(ours.astype(np.int16) - theirs)
        share = np.array([(steps <= 1).mean(), (steps == 0).mean()]) if steps.size else np.ones(2)
        self.by_name[name] = np.minimum(self.by_name.get(name, 1.0), share)

    def below(self):
        return sum(share[0] < LEAST for share in self.by_name.values())

    def print(self, title, lines):
        shares = np.array(list(self.by_name.values()))
        print(f"  {title}: {len(shares)} tensors, {self.below()} below {100 * LEAST:.0f} % within one step; "
              f"mean {100 * shares[:, 0].mean():.2f} %, equal {100 * shares[:, 1].mean():.2f} %")
        for name, share in sorted(self.by_name.items(), key=lambda item: tuple(item[1]))[:lines]:
            print(f"    {100 * share[0]:7.3f} %  equal {100 * share[1]:7.3f} %  {name}")


def tensors(saccade, model, picture):
    """The network's input for a picture, and Saccade's quantized tensors by name."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([saccade, "inspect", model, "--tensors", folder, "--image", picture],
                       check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        path = pathlib.Path(folder)
        entries = json.loads((path / "tensors.json").read_text(encoding="utf-8"))
        return np.load(path / "input.npy"), {entry["name"]: np.load(path / entry["file"]) for entry in entries}


def oriented(ours, theirs):
    """Our tensor with the axes of theirs: its channels may stand last. None where it is another one."""
    turned = ours.transpose(0, 3, 1, 2) if ours.ndim == 4 else ours
    candidates = [one for one in (turned, ours) if one.shape == theirs.shape]
    return min(candidates, key=lambda one: np.abs(one.astype(np.int16) - theirs).mean(), default=None)


def brighter(image):
    """The picture with a hundredth of its values a level higher."""
    level = 1 if image.max() > 1 else 1 / 255
    chosen = np.random.default_rng(7).random(image.shape) < 0.01
    return np.where(chosen & (image < 255 * level), image + np.float32(level), image)


def compare(arguments, path):
    """Whether each tensor of a model is within the bound."""
    plain = Model(path, arguments.threads, forced=False)
    forced = Model(path, arguments.threads, forced=True)
    alone, free, itself, missing = Shares(), Shares(), Shares(), set()
    for picture in arguments.images:
        image, found = tensors(arguments.saccade, path, picture)
        theirs = plain.run({plain.input: image})
        ours = {}
        for result, tensor in theirs.items():
            candidates = [oriented(found[name], tensor) for name in plain.names[result] if name in found]
            ours[result] = next((one for one in candidates if one is not None), None)
        missing |= {name for name, one in ours.items() if one is None}
        # What Saccade does not hold is given as ONNX Runtime has it.
        given = {name: np.ascontiguousarray(theirs[name] if one is None else one) for name, one in ours.items()}
        for name, tensor in forced.run({plain.input: image} | given).items():
            if name not in missing:
                alone.add(name, ours[name], tensor)
        if arguments.free:
            other = plain.run({plain.input: brighter(image)})
            for name in theirs.keys() - missing:
                free.add(name, ours[name], theirs[name])
                itself.add(name, other[name], theirs[name])
    print(path)
    if not alone.by_name:
        print("  no quantized tensor is in both")
        return False
    alone.print("each from the tensors before it", arguments.lines)
    if arguments.free:
        free.print("all from the picture", arguments.lines)
        itself.print("ONNX Runtime from the picture and from a brighter one", 0)
    for name in sorted(missing):
        print("    not among Saccade's:", name)
    return not missing and alone.below() == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--saccade", required=True, help="the program")
    parser.add_argument("--images", nargs="+", required=True)
    parser.add_argument("--free", action="store_true", help="compare also what each computes from the picture")
    parser.add_argument("--lines", type=int, default=5, help="how many of the worst tensors are listed")
    parser.add_argument("--threads", type=int, default=1, help="of ONNX Runtime")
    parser.add_argument("models", nargs="+")
    arguments = parser.parse_args()
    failures = [path for path in arguments.models if not compare(arguments, path)]
    print(f"{len(arguments.models)} models, {len(failures)} outside the bound")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
