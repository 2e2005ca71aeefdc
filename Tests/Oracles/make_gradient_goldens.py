"""Builds the golden gradients of the tests: small ONNX models, and what PyTorch's autograd makes of them.

    python3 Tests/Oracles/make_gradient_goldens.py

writes Tests/TrainingTests/Goldens/gradients.json, a list of cases:

    name, model     the forward computation as ONNX (base64). Every float that has a gradient is a graph input, weights too.
    inputs          of the graph, in its order: {"name", "dtype", "shape", "data"}, little-endian bytes in base64.
    outputs         PyTorch's in float64, rounded to float32.
    upstream        one tensor of the same shape and name for each float output.
    gradients       of the sum of outputs times upstream, for each float input, by name: float64 rounded to float32.
    checkedWith     who computed the same outputs: "ONNX Runtime", or "ONNX reference" where that lacks the operator.
    convention      present where the point is a kink or a tie: what the case fixes.
    optional        true for operators that a runtime may do without.

Each gradient is checked against a central difference too, except at kinks. Inputs are distinct values that stay away from
kinks and ties. Needs numpy, onnx, onnxruntime and torch. A second run writes the same bytes.
"""

import base64
import json
import pathlib

import numpy as np
import onnx.reference
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from make_test_models import Builder, encode, finish, ints, run

PATH = pathlib.Path(__file__).resolve().parent.parent / "TrainingTests" / "Goldens" / "gradients.json"
CASES = []


def distinct(seed, *shape, low=-2.0, high=2.0):
    """Evenly spaced values in a random order: no two are equal, none is the middle of the interval."""
    count = int(np.prod(shape, dtype=int))
    values = low + (high - low) * (np.arange(count) + 0.37) / max(count, 1)
    return np.random.RandomState(seed).permutation(values).reshape(shape).astype(np.float32)


def evaluate(model, inputs):
    """The outputs by a second implementation of ONNX, and its name."""
    try:
        return run(model, inputs), "ONNX Runtime"
    except Exception as error:  # Its errors have no common class.
        if "NOT_IMPLEMENTED" not in str(error) and "NotImplemented" not in type(error).__name__:
            print(f"{model.graph.name}: {str(error).splitlines()[0][:120]}")
        return onnx.reference.ReferenceEvaluator(model).run(None, inputs), "ONNX reference"


def close(a, b, tolerance):
    return a.shape == b.shape and bool(np.all(np.abs(a - b) <= tolerance * np.maximum(1, np.abs(b))))


def add(name, model, inputs, names, forward, convention=None, optional=False):
    """`forward` takes the inputs in the order of the graph, floats as float64 leaves, and returns its outputs."""

    def tensors(shift=0.0, directions=None):
        out = []
        for n, a in inputs.items():
            t = torch.from_numpy(np.array(a))
            if a.dtype == np.float32:
                t = t.double()
                if directions:
                    t = t + shift * directions[n]
                t = t.detach().requires_grad_()
            out.append(t)
        return out

    def outputs_of(leaves):
        y = forward(*leaves)
        return y if isinstance(y, tuple) else (y,)

    leaves = tensors()
    outputs = outputs_of(leaves)
    assert len(outputs) == len(names), name
    results = [y.detach().to(torch.float32 if y.is_floating_point() else y.dtype).numpy() for y in outputs]
    others, checker = evaluate(model, inputs)
    for n, mine, other in zip(names, results, others):
        assert close(mine, np.asarray(other), 2e-5), f"{name}: {n} differs from {checker}: {np.shape(other)} {mine.shape}"

    generator = np.random.RandomState(sum(name.encode()) + 1000 * len(name))
    upstream = {
        n: generator.uniform(-1, 1, r.shape).astype(np.float32)
        for n, r in zip(names, results) if r.dtype == np.float32
    }

    def total(values):
        return sum((y * torch.from_numpy(upstream[n]).double()).sum() for n, y in zip(names, values) if n in upstream)

    floats = {n: t for n, t in zip(inputs, leaves) if t.requires_grad}
    found = torch.autograd.grad(total(outputs), list(floats.values()), allow_unused=True)
    gradients = {n: torch.zeros_like(t) if g is None else g for (n, t), g in zip(floats.items(), found)}

    if not convention:
        directions = {n: torch.from_numpy(generator.uniform(-1, 1, t.shape)) for n, t in floats.items()}
        step = 1e-5
        up, down = (total(outputs_of(tensors(s, directions))).item() for s in (step, -step))
        difference = (up - down) / (2 * step)
        analytic = sum(float((gradients[n] * d).sum()) for n, d in directions.items())
        assert abs(difference - analytic) <= 1e-6 * max(1, abs(analytic)), f"{name}: {difference} is not {analytic}"

    document = {
        "name": name,
        "model": base64.b64encode(model.SerializeToString()).decode(),
        "inputs": [encode(n, a) for n, a in inputs.items()],
        "outputs": [encode(n, r) for n, r in zip(names, results)],
        "upstream": [encode(n, u) for n, u in upstream.items()],
        "gradients": [encode(n, g.to(torch.float32).numpy()) for n, g in gradients.items()],
        "checkedWith": checker,
    }
    if convention:
        document["convention"] = convention
    if optional:
        document["optional"] = True
    assert name not in [c["name"] for c in CASES], name
    CASES.append(document)


def case(name, op, inputs, forward, constants=None, opset=17, outputs=1, order=None, export=None, convention=None,
         optional=False, **attributes):
    """One node. `inputs` are fed, `constants` are initializers; `order` names the node's inputs, "" for one left out.

    `outputs` counts or names the node's, "" for one left out; the graph has those of `export`, or all.
    """
    constants = constants or {}
    order = order or list(inputs) + list(constants)
    if isinstance(outputs, int):
        outputs = ["y"] if outputs == 1 else [f"y{i}" for i in range(outputs)]
    names = export or [n for n in outputs if n]
    node = helper.make_node(op, order, outputs, name=name, **attributes)
    model = finish(name, [node], inputs, names, constants, opset)
    add(name, model, inputs, names, forward, convention, optional)


def composed(name, builder, inputs, outputs, forward, opset=17, convention=None, optional=False):
    """The nodes of a builder; its weights are constants."""
    model = finish(name, builder.nodes, inputs, outputs, builder.initializers, opset)
    add(name, model, inputs, outputs, forward, convention, optional)


def tensor(array):
    return torch.from_numpy(np.array(array)).double()


# ------------------------------------------------------------------------------------------------- images


def split_pads(pads):
    """ONNX's begins and ends as the pairs of `F.pad`, last axis first."""
    rank = len(pads) // 2
    return [p for axis in reversed(range(rank)) for p in (pads[axis], pads[axis + rank])]


def convolutions():
    def conv(name, x, w, bias=True, pads=None, strides=None, dilations=None, group=1, auto_pad=None):
        rank = x.ndim - 2
        inputs = {"x": x, "w": w}
        if bias:
            inputs["b"] = distinct(3, w.shape[0])
        attributes = {"group": group}
        explicit = pads or [0] * (2 * rank)
        if auto_pad:
            attributes["auto_pad"] = auto_pad
            for axis in range(rank):
                stride, size, kernel = strides[axis], x.shape[axis + 2], w.shape[axis + 2]
                padding = max(0, (-(-size // stride) - 1) * stride + kernel - size)
                small, large = padding // 2, padding - padding // 2
                first, last = (small, large) if auto_pad == "SAME_UPPER" else (large, small)
                explicit[axis], explicit[axis + rank] = first, last
        elif pads:
            attributes["pads"] = pads
        if strides:
            attributes["strides"] = strides
        if dilations:
            attributes["dilations"] = dilations
        function = {1: F.conv1d, 2: F.conv2d}[rank]

        def forward(x, w, b=None):
            return function(F.pad(x, split_pads(explicit)), w, b, stride=strides or 1, dilation=dilations or 1,
                            groups=group)

        case(name, "Conv", inputs, forward, **attributes)

    x = distinct(1, 1, 4, 6, 7)
    conv("conv_1x1", x, distinct(2, 6, 4, 1, 1))
    conv("conv_1x1_stride2", x, distinct(2, 3, 4, 1, 1), strides=[2, 2])
    conv("conv_3x3_pad", x, distinct(2, 5, 4, 3, 3), pads=[1, 1, 1, 1])
    conv("conv_3x3_stride2", x, distinct(2, 5, 4, 3, 3), pads=[1, 1, 1, 1], strides=[2, 2])
    conv("conv_no_bias", x, distinct(2, 3, 4, 3, 3), bias=False)
    conv("conv_odd_pads", x, distinct(2, 3, 4, 3, 5), pads=[0, 3, 2, 1], strides=[2, 3])
    conv("conv_stride_leaves_rows", distinct(1, 1, 2, 8, 9), distinct(2, 3, 2, 3, 3), strides=[4, 3])
    conv("conv_stride_past_kernel", distinct(1, 1, 2, 9, 9), distinct(2, 3, 2, 2, 2), strides=[3, 4])
    conv("conv_dilated", x, distinct(2, 3, 4, 3, 3), pads=[2, 2, 2, 2], dilations=[2, 2])
    conv("conv_dilated_stride2", x, distinct(2, 3, 4, 3, 2), pads=[2, 1, 2, 1], dilations=[2, 3], strides=[2, 1])
    conv("conv_groups", x, distinct(2, 6, 2, 3, 3), pads=[1, 1, 1, 1], group=2)
    conv("conv_groups_stride2", x, distinct(2, 6, 2, 3, 3), pads=[1, 1, 1, 1], group=2, strides=[2, 2])
    conv("conv_depthwise", x, distinct(2, 4, 1, 3, 3), pads=[1, 1, 1, 1], group=4)
    conv("conv_depthwise_stride2", x, distinct(2, 4, 1, 5, 5), pads=[2, 2, 2, 2], group=4, strides=[2, 2])
    conv("conv_depthwise_multiplier", x, distinct(2, 8, 1, 3, 3), group=4)
    conv("conv_same_upper", x, distinct(2, 3, 4, 4, 3), auto_pad="SAME_UPPER", strides=[2, 2])
    conv("conv_same_lower", x, distinct(2, 3, 4, 4, 3), auto_pad="SAME_LOWER", strides=[2, 2])
    conv("conv_6x6_stride2", distinct(1, 1, 3, 10, 10), distinct(2, 4, 3, 6, 6), pads=[2, 2, 2, 2], strides=[2, 2])
    conv("conv_batch3", distinct(1, 3, 3, 6, 5), distinct(2, 4, 3, 3, 3), pads=[1, 1, 1, 1])
    conv("conv_17_channels", distinct(1, 2, 17, 4, 3), distinct(2, 9, 17, 3, 3), pads=[1, 1, 1, 1])
    conv("conv_1d", distinct(1, 2, 3, 11), distinct(2, 4, 3, 3), pads=[1, 1], strides=[2])
    conv("conv_1d_dilated", distinct(1, 2, 3, 11), distinct(2, 4, 3, 3), pads=[4, 0], dilations=[2])
    conv("conv_pad_past_kernel", x, distinct(2, 3, 4, 1, 1), pads=[2, 2, 2, 2])

    def transposed(name, x, w, bias=True, pads=None, strides=(1, 1), output_padding=(0, 0), dilations=(1, 1), group=1):
        inputs = {"x": x, "w": w}
        if bias:
            inputs["b"] = distinct(3, w.shape[1] * group)
        pads = pads or [0, 0, 0, 0]

        def forward(x, w, b=None):
            # Asymmetric padding is a crop of the full result. The output padding is what the crop leaves at the end.
            y = F.conv_transpose2d(x, w, None, stride=strides, output_padding=output_padding, groups=group,
                                   dilation=dilations)
            y = y if b is None else y + b[:, None, None]
            return y[:, :, pads[0]:y.shape[2] - pads[2], pads[1]:y.shape[3] - pads[3]]

        case(name, "ConvTranspose", inputs, forward, pads=pads, strides=list(strides), dilations=list(dilations),
             output_padding=list(output_padding), group=group)

    x = distinct(1, 2, 4, 4, 5)
    transposed("conv_transpose", x, distinct(2, 4, 3, 3, 3))
    transposed("conv_transpose_2x2_stride2", x, distinct(2, 4, 3, 2, 2), strides=(2, 2))
    transposed("conv_transpose_pad", x, distinct(2, 4, 3, 4, 4), strides=(2, 2), pads=[1, 1, 1, 1])
    transposed("conv_transpose_output_padding", x, distinct(2, 4, 3, 3, 3), strides=(2, 3), pads=[1, 1, 1, 1],
               output_padding=(1, 2))
    transposed("conv_transpose_odd_pads", x, distinct(2, 4, 3, 3, 4), strides=(2, 1), pads=[0, 2, 1, 1], bias=False)
    transposed("conv_transpose_groups", x, distinct(2, 4, 3, 3, 3), group=2, strides=(2, 2), pads=[1, 1, 1, 1])
    transposed("conv_transpose_depthwise", x, distinct(2, 4, 1, 3, 3), group=4, strides=(2, 2))
    transposed("conv_transpose_dilated", x, distinct(2, 4, 2, 3, 2), dilations=(2, 3))


def pools():
    def pooled_axis(size, kernel, stride, first, last, ceil, dilation):
        """How many zeros the last windows of `ceil_mode` need beyond the padding."""
        reach = dilation * (kernel - 1) + 1
        span = size + first + last - reach
        count = span // stride + 1
        # A window that would begin in the padding at the end is dropped.
        if ceil and span % stride and count * stride < size + first:
            count += 1
        return max(0, (count - 1) * stride + reach - (size + first + last)), count

    def pool(name, op, x, kernel, strides=None, pads=None, ceil=0, dilations=None, include=0, convention=None):
        strides, pads, dilations = strides or [1, 1], pads or [0, 0, 0, 0], dilations or [1, 1]
        extra, counts = zip(*[
            pooled_axis(x.shape[2 + a], kernel[a], strides[a], pads[a], pads[2 + a], ceil, dilations[a]) for a in (0, 1)
        ])
        beyond = split_pads([0, 0, *extra])

        def forward(x):
            if op == "MaxPool":
                padded = F.pad(F.pad(x, split_pads(pads), value=-np.inf), beyond, value=-np.inf)
                return F.max_pool2d(padded, kernel, strides, dilation=dilations)[:, :, :counts[0], :counts[1]]
            padded = F.pad(F.pad(x, split_pads(pads)), beyond)
            counted = F.pad(F.pad(torch.ones_like(x), split_pads(pads), value=float(include)), beyond)
            sums, sizes = (F.avg_pool2d(v, kernel, strides, divisor_override=1) for v in (padded, counted))
            return (sums / sizes)[:, :, :counts[0], :counts[1]]

        attributes = {"kernel_shape": kernel, "strides": strides, "pads": pads, "ceil_mode": ceil}
        if op == "MaxPool":
            attributes["dilations"] = dilations
        else:
            attributes["count_include_pad"] = include
        case(name, op, {"x": x}, forward, opset=17 if op == "MaxPool" else 19, convention=convention, **attributes)

    x = distinct(1, 1, 3, 7, 6)
    for op in ("MaxPool", "AveragePool"):
        tag = op.lower()
        pool(f"{tag}_2x2", op, x, [2, 2], [2, 2])
        pool(f"{tag}_3x3_pad", op, x, [3, 3], [2, 2], [1, 1, 1, 1])
        pool(f"{tag}_5x5_same", op, x, [5, 5], pads=[2, 2, 2, 2])
        pool(f"{tag}_ceil", op, x, [2, 2], [2, 2], ceil=1)
        pool(f"{tag}_ceil_pad", op, distinct(1, 2, 2, 6, 6), [3, 3], [2, 2], ceil=1)
        pool(f"{tag}_odd_pads", op, x, [3, 4], [1, 2], [0, 2, 1, 1])
        pool(f"{tag}_gaps", op, x, [2, 1], [3, 2])
    pool("maxpool_dilated", "MaxPool", x, [2, 2], dilations=[2, 3])
    pool("maxpool_negative", "MaxPool", -np.abs(x) - 1, [3, 3], pads=[1, 1, 1, 1])
    pool("averagepool_count_pad", "AveragePool", x, [3, 3], [2, 2], [1, 1, 1, 1], include=1)
    pool("averagepool_count_odd_pads", "AveragePool", x, [3, 4], [1, 2], [0, 2, 1, 1], include=1)
    pool("averagepool_count_ceil", "AveragePool", x, [3, 3], [2, 2], [1, 1, 1, 1], ceil=1, include=1)
    ties = np.random.RandomState(2).randint(0, 3, (1, 2, 6, 6)).astype(np.float32)
    pool("maxpool_ties", "MaxPool", ties, [3, 3], [2, 2], [1, 1, 1, 1],
         convention="the first maximum of a window in row order has the gradient")
    case("global_average_pool", "GlobalAveragePool", {"x": x}, lambda x: x.mean((2, 3), keepdim=True))
    case("global_max_pool", "GlobalMaxPool", {"x": x}, lambda x: x.amax((2, 3), keepdim=True))


def resize_matrix(size, scale, out, mode, coordinates, rounding):
    """Row i holds the weights of output i of one axis, after the formulas of ONNX's Resize."""
    matrix = np.zeros((out, size))
    for i in range(out):
        if coordinates == "asymmetric":
            place = i / scale
        elif coordinates == "align_corners":
            place = i * (size - 1) / (out - 1) if out > 1 else 0
        else:
            place = (i + 0.5) / scale - 0.5
        if mode == "nearest":
            rounded = {"floor": np.floor(place), "ceil": np.ceil(place), "round_prefer_floor": np.ceil(place - 0.5),
                       "round_prefer_ceil": np.floor(place + 0.5)}[rounding]
            matrix[i, int(np.clip(rounded, 0, size - 1))] = 1
        else:
            low, part = int(np.floor(place)), place - np.floor(place)
            matrix[i, np.clip(low, 0, size - 1)] += 1 - part
            matrix[i, np.clip(low + 1, 0, size - 1)] += part
    return torch.from_numpy(matrix)


def resizes():
    x = distinct(1, 1, 3, 5, 6)

    def resize(name, mode, coordinates, scales=None, sizes=None, rounding="round_prefer_floor"):
        if sizes:
            outs, factors = sizes, [o / s for o, s in zip(sizes, x.shape[2:])]
            constants = {"roi": np.array([], np.float32), "scales": np.array([], np.float32),
                         "sizes": ints(*x.shape[:2], *sizes)}
        else:
            factors = [float(np.float32(s)) for s in scales]
            outs = [int(np.floor(s * f)) for s, f in zip(x.shape[2:], factors)]
            constants = {"roi": np.array([], np.float32), "scales": np.array([1, 1, *scales], np.float32)}

        def forward(x):
            rows, columns = (resize_matrix(x.shape[2 + a], factors[a], outs[a], mode, coordinates, rounding)
                             for a in (0, 1))
            y = torch.einsum("ai,bj,ncij->ncab", rows, columns, x)
            same = None
            if mode == "linear" and coordinates != "asymmetric":
                aligned = coordinates == "align_corners"
                size = {"size": outs} if sizes else {"scale_factor": tuple(factors)}
                same = F.interpolate(x, mode="bilinear", align_corners=aligned, **size)
            elif mode == "nearest" and coordinates == "asymmetric" and rounding == "floor" and not sizes:
                same = F.interpolate(x, mode="nearest", scale_factor=tuple(factors))
            if same is not None:
                assert torch.allclose(y, same, atol=1e-6), name
            return y

        case(name, "Resize", {"x": x}, forward, constants, order=["x", *constants], mode=mode,
             coordinate_transformation_mode=coordinates, nearest_mode=rounding)

    for mode in ("nearest", "linear"):
        for coordinates in ("asymmetric", "half_pixel", "align_corners"):
            resize(f"resize_{mode}_{coordinates}_2x", mode, coordinates, scales=[2, 2])
            resize(f"resize_{mode}_{coordinates}_odd", mode, coordinates, scales=[1.7, 0.65])
    resize("resize_yolo", "nearest", "asymmetric", scales=[2, 2], rounding="floor")
    resize("resize_nearest_ceil", "nearest", "half_pixel", scales=[1.7, 0.65], rounding="ceil")
    resize("resize_linear_sizes", "linear", "half_pixel", sizes=[8, 4])
    resize("resize_nearest_sizes", "nearest", "asymmetric", sizes=[10, 13], rounding="floor")


# ---------------------------------------------------------------------------------------------- elementwise


def unary_functions():
    x = {"x": distinct(9, 2, 3, 5, low=-4, high=4)}
    positive = {"x": distinct(9, 2, 3, 5, low=0.1, high=5)}
    case("relu", "Relu", x, torch.relu)
    case("leaky_relu", "LeakyRelu", x, lambda x: F.leaky_relu(x, 0.01))
    case("leaky_relu_slope", "LeakyRelu", x, lambda x: F.leaky_relu(x, float(np.float32(0.1))), alpha=0.1)
    case("sigmoid", "Sigmoid", x, torch.sigmoid)
    case("tanh", "Tanh", x, torch.tanh)
    case("elu", "Elu", x, F.elu)
    case("elu_alpha", "Elu", x, lambda x: F.elu(x, 0.5), alpha=0.5)
    case("softplus", "Softplus", x, F.softplus)
    case("hard_sigmoid", "HardSigmoid", x, lambda x: (float(np.float32(0.2)) * x + 0.5).clamp(0, 1))
    case("hard_sigmoid_torch", "HardSigmoid", x, F.hardsigmoid, alpha=1 / 6, beta=0.5)
    case("hard_swish", "HardSwish", x, F.hardswish)
    case("gelu", "Gelu", x, F.gelu, opset=20)
    case("gelu_tanh", "Gelu", x, lambda x: F.gelu(x, approximate="tanh"), opset=20, approximate="tanh")
    case("mish", "Mish", x, F.mish, opset=18, optional=True)
    case("exp", "Exp", x, torch.exp)
    case("log", "Log", positive, torch.log)
    case("sqrt", "Sqrt", positive, torch.sqrt)
    case("reciprocal", "Reciprocal", positive, torch.reciprocal)
    case("reciprocal_negative", "Reciprocal", {"x": -positive["x"]}, torch.reciprocal)
    case("erf", "Erf", x, torch.erf)
    case("sin", "Sin", x, torch.sin)
    case("cos", "Cos", x, torch.cos)
    case("neg", "Neg", x, torch.neg)
    case("abs", "Abs", x, torch.abs)
    case("identity", "Identity", x, lambda x: x * 1)
    low, high = np.array(-1, np.float32), np.array(0.5, np.float32)
    case("clip", "Clip", x, lambda x: x.clamp(-1, 0.5), {"low": low, "high": high})
    case("clip_low", "Clip", x, lambda x: x.clamp(min=-1), {"low": low})
    case("clip_high", "Clip", x, lambda x: x.clamp(max=0.5), {"high": high}, order=["x", "", "high"])
    case("prelu", "PRelu", {"x": x["x"], "slope": distinct(4, 3, 1)}, lambda x, s: torch.where(x > 0, x, s * x),
         optional=True)
    for op, function in (("Sign", torch.sign), ("Floor", torch.floor), ("Ceil", torch.ceil), ("Round", torch.round)):
        case(op.lower(), op, x, function, convention="the gradient is zero everywhere")

    extreme = np.array([-1000, -100, -30, 30, 100, 1000], np.float32)
    for op, function in (("Sigmoid", torch.sigmoid), ("Tanh", torch.tanh), ("Softplus", F.softplus), ("Elu", F.elu),
                         ("Erf", torch.erf), ("HardSwish", F.hardswish)):
        case(f"{op.lower()}_extreme", op, {"x": extreme}, function)
    case("gelu_extreme", "Gelu", {"x": extreme}, F.gelu, opset=20)
    case("gelu_tanh_extreme", "Gelu", {"x": extreme}, lambda x: F.gelu(x, approximate="tanh"), opset=20,
         approximate="tanh")

    kinks = {"x": np.array([-1.5, -0.0, 0.0, 1.5, 0.0], np.float32)}
    case("relu_at_zero", "Relu", kinks, torch.relu, convention="zero at 0")
    case("leaky_relu_at_zero", "LeakyRelu", kinks, lambda x: F.leaky_relu(x, 0.25), alpha=0.25,
         convention="the slope at 0")
    case("abs_at_zero", "Abs", kinks, torch.abs, convention="zero at 0")
    case("clip_at_bounds", "Clip", {"x": np.array([-2, -1, 0, 0.5, 3], np.float32)}, lambda x: x.clamp(-1, 0.5),
         {"low": low, "high": high}, convention="zero at both bounds")
    case("hard_sigmoid_at_bounds", "HardSigmoid", {"x": np.array([-3, -2, 0, 2, 3], np.float32)},
         lambda x: F.hardsigmoid(x * 1.5), alpha=0.25, beta=0.5, convention="zero at both bounds")
    g = Builder()
    composed("silu", g, x, [g("Mul", "x", g("Sigmoid", "x"))], F.silu)
    g = Builder()
    zero = g.weight(np.array(0, np.float32))
    composed("where_greater", g, x, [g("Where", g("Greater", "x", zero), g("Mul", "x", "x"), g("Neg", "x"))],
             lambda x: torch.where(x > 0, x * x, -x))


def binary_functions():
    a, b = distinct(10, 2, 3, 4), distinct(11, 2, 3, 4) + np.float32(0.01)
    functions = {"Add": torch.add, "Sub": torch.sub, "Mul": torch.mul, "Div": torch.div, "Min": torch.minimum,
                 "Max": torch.maximum}
    shapes = {
        "scalar": ((2, 3, 4), ()), "channel": ((2, 3, 4), (3, 1)), "last": ((2, 3, 4), (4,)),
        "both": ((2, 1, 4), (3, 1)), "left": ((4,), (2, 3, 4)), "one": ((2, 3, 4), (1, 1, 1)),
    }
    for op, function in functions.items():
        case(f"binary_{op.lower()}", op, {"a": a, "b": b}, function)
        for tag, (left, right) in shapes.items():
            inputs = {"a": distinct(12, *left), "b": distinct(13, *right, low=-1.7, high=1.9)}
            case(f"binary_{op.lower()}_{tag}", op, inputs, function)
    case("binary_batch_gate", "Mul", {"a": distinct(1, 2, 3, 4, 5), "b": distinct(2, 2, 3, 1, 1)}, torch.mul)
    case("binary_same_input", "Mul", {"a": a}, lambda a: a * a, order=["a", "a"])
    case("binary_div_same_input", "Div", {"a": a}, lambda a: a / a, order=["a", "a"])
    base = distinct(10, 2, 3, 4, low=0.2, high=3)
    case("binary_pow", "Pow", {"a": base, "b": b}, torch.pow)
    case("binary_pow_broadcast", "Pow", {"a": base, "b": distinct(3, 3, 1)}, torch.pow)
    case("binary_pow_scalar_base", "Pow", {"a": np.array(1.7, np.float32), "b": b}, torch.pow)
    for name, exponent in (("square", 2), ("cube", 3), ("inverse", -1), ("fourth", 4)):
        case(f"binary_pow_{name}", "Pow", {"a": a}, lambda a, e=exponent: torch.pow(a, e),
             {"b": np.array(exponent, np.float32)})
    case("binary_pow_half", "Pow", {"a": base}, lambda a: torch.pow(a, 0.5), {"b": np.array(0.5, np.float32)})
    case("binary_pow_integer", "Pow", {"a": a}, lambda a: torch.pow(a, 3), {"b": np.array(3, np.int64)})
    case("binary_pow_at_zero", "Pow", {"a": np.array([0, 1, -2], np.float32)}, lambda a: torch.pow(a, 2),
         {"b": np.array(2, np.float32)})
    c = distinct(14, 3, 1, low=-1.1, high=1.2)
    case("max_of_three", "Max", {"a": a, "b": b, "c": c}, lambda a, b, c: torch.maximum(torch.maximum(a, b), c))
    case("min_of_three", "Min", {"a": a, "b": b, "c": c}, lambda a, b, c: torch.minimum(torch.minimum(a, b), c))
    case("sum_of_three", "Sum", {"a": a, "b": b, "c": c}, lambda a, b, c: a + b + c)
    ties = {"a": np.array([1, 2, 3, 3], np.float32), "b": np.array([1, 3, 2, 3], np.float32)}
    case("max_at_ties", "Max", ties, torch.maximum, convention="half to each")
    case("min_at_ties", "Min", ties, torch.minimum, convention="half to each")
    mask = np.random.RandomState(4).uniform(size=(2, 3, 4)) > 0.5
    case("where", "Where", {"c": mask, "a": a, "b": b}, torch.where)
    case("where_broadcast", "Where", {"c": mask[:1, :, :1], "a": a, "b": distinct(3, 4)}, torch.where)
    case("where_expands", "Where", {"c": mask, "a": distinct(5, 3, 1), "b": np.array(0.3, np.float32)}, torch.where)
    case("where_constant", "Where", {"c": mask, "a": a}, lambda c, a: torch.where(c, a, 0.0),
         {"b": np.array(0, np.float32)})


# ------------------------------------------------------------------------------------- products, reductions


def products():
    shapes = {
        "2d": ((5, 7), (7, 3)), "vectors": ((7,), (7,)), "vector_left": ((7,), (7, 3)), "vector_right": ((5, 7), (7,)),
        "batched": ((2, 3, 5, 4), (2, 3, 4, 6)), "broadcast_right": ((2, 3, 5, 4), (4, 6)),
        "broadcast_left": ((5, 4), (2, 3, 4, 6)), "broadcast_both": ((2, 1, 5, 4), (3, 4, 6)),
        "broadcast_vector": ((2, 5, 4), (4,)), "one_row": ((1, 17), (17, 9)), "one_column": ((9, 17), (17, 1)),
        "outer": ((5, 1), (1, 6)), "odd": ((19, 18), (18, 17)),
    }
    for name, (left, right) in shapes.items():
        case(f"matmul_{name}", "MatMul", {"a": distinct(1, *left), "b": distinct(2, *right)}, torch.matmul)

    def gemm(name, a, b, c=None, alpha=1.0, beta=1.0, transA=0, transB=0):
        inputs = {"a": distinct(1, *a), "b": distinct(2, *b)}
        if c is not None:
            inputs["c"] = distinct(3, *c)

        def forward(a, b, c=None):
            y = alpha * (a.T if transA else a) @ (b.T if transB else b)
            return y if c is None else y + beta * c

        case(name, "Gemm", inputs, forward, alpha=alpha, beta=beta, transA=transA, transB=transB)

    gemm("gemm", (3, 5), (5, 4), (4,))
    gemm("gemm_no_c", (3, 5), (5, 4))
    gemm("gemm_linear", (6, 5), (4, 5), (4,), transB=1)
    gemm("gemm_trans_a", (5, 3), (5, 4), (3, 1), transA=1, alpha=0.5, beta=2.0)
    gemm("gemm_trans_both", (5, 3), (4, 5), (3, 4), transA=1, transB=1, alpha=1.5)
    gemm("gemm_scalar_c", (3, 5), (5, 4), (), beta=0.25)
    gemm("gemm_row_c", (3, 5), (5, 4), (1, 4), alpha=2.0)
    gemm("gemm_odd", (17, 9), (33, 9), (33,), transB=1)


def reductions():
    x = {"x": distinct(1, 2, 3, 4, 5)}
    choices = {"spatial": ([2, 3], 1), "last": ([-1], 0), "middle": ([1], 0), "first": ([0], 1), "apart": ([0, 2], 0),
               "all": (None, 0), "all_keep": (None, 1)}
    functions = {
        "ReduceSum": lambda x, axes, keep: x.sum(axes, keepdim=keep),
        "ReduceMean": lambda x, axes, keep: x.mean(axes, keepdim=keep),
        "ReduceMax": lambda x, axes, keep: x.amax(axes, keepdim=keep),
        "ReduceMin": lambda x, axes, keep: x.amin(axes, keepdim=keep),
        "ReduceSumSquare": lambda x, axes, keep: (x * x).sum(axes, keepdim=keep),
        "ReduceL1": lambda x, axes, keep: x.abs().sum(axes, keepdim=keep),
        "ReduceL2": lambda x, axes, keep: (x * x).sum(axes, keepdim=keep).sqrt(),
        "ReduceLogSumExp": lambda x, axes, keep: torch.logsumexp(x, axes, keepdim=keep),
    }
    extra = ("ReduceSumSquare", "ReduceL1", "ReduceL2", "ReduceLogSumExp")
    for op, function in functions.items():
        for tag, (axes, keep) in choices.items():
            if op in extra and tag not in ("spatial", "last", "all"):
                continue
            every = axes if axes is not None else [0, 1, 2, 3]
            attributes, constants = {"keepdims": keep}, {}
            if axes is not None and op == "ReduceSum":
                constants["axes"] = ints(*axes)
            elif axes is not None:
                attributes["axes"] = axes
            case(f"{op.lower()}_{tag}", op, x, lambda x, e=every, k=keep, f=function: f(x, e, bool(k)), constants,
                 optional=op in extra, **attributes)
    case("reducemean_opset18", "ReduceMean", x, lambda x: x.mean((1, 2), keepdim=True), {"axes": ints(1, 2)}, opset=18)
    case("reducemax_opset18", "ReduceMax", x, lambda x: x.amax(2), {"axes": ints(-2)}, opset=18, keepdims=0)
    small = {"x": distinct(1, 2, 3, 4)}
    case("reduceprod_last", "ReduceProd", small, lambda x: x.prod(2), axes=[-1], keepdims=0)
    case("reduceprod_middle", "ReduceProd", small, lambda x: x.prod(1, keepdim=True), axes=[1])
    case("reduceprod_two", "ReduceProd", small, lambda x: x.prod(2).prod(0), axes=[0, 2], keepdims=0)
    zeros = {"x": np.array([[2, 0, -3], [0, 1.5, 0], [1, 2, 3]], np.float32)}
    case("reduceprod_zeros", "ReduceProd", zeros, lambda x: x.prod(1), axes=[1], keepdims=0)
    ties = {"x": np.array([[1, 3, 3, 2], [0, 0, 0, 0], [4, 1, 2, 3]], np.float32)}
    case("reducemax_ties", "ReduceMax", ties, lambda x: x.amax(1), axes=[1], keepdims=0,
         convention="shared evenly among the greatest")
    case("reducemin_ties", "ReduceMin", ties, lambda x: x.amin(1, keepdim=True), axes=[1],
         convention="shared evenly among the least")
    for op, function in (("Softmax", torch.softmax), ("LogSoftmax", torch.log_softmax)):
        for axis in (0, 1, 2, -1):
            case(f"{op.lower()}_axis{axis}".replace("-1", "_last"), op, x, lambda x, f=function, a=axis: f(x, a),
                 axis=axis)
        large = {"x": np.array([[1000, 999, -1000], [-1000, -1001, -999.5]], np.float32)}
        case(f"{op.lower()}_large", op, large, lambda x, f=function: f(x, -1))
        case(f"{op.lower()}_row_of_37", op, {"x": distinct(5, 3, 37, low=-9, high=9)}, lambda x, f=function: f(x, -1))
    for name, axis, attributes in (("", 1, {}), ("_exclusive", 1, {"exclusive": 1}), ("_reverse", -1, {"reverse": 1})):

        def cumulative(x, axis=axis, attributes=attributes):
            x = x.flip(axis) if "reverse" in attributes else x
            y = x.cumsum(axis)
            y = y - x if "exclusive" in attributes else y
            return y.flip(axis) if "reverse" in attributes else y

        case(f"cumsum{name}", "CumSum", small, cumulative, {"axis": np.array(axis, np.int64)}, optional=True,
             **attributes)


# ------------------------------------------------------------------------------------------- normalizations


def normalizations():
    x = distinct(1, 2, 4, 3, 5)

    def batch(name, x, epsilon=1e-5, momentum=0.9, export=None):
        channels = x.shape[1]
        inputs = {"x": x, "s": distinct(5, channels, low=0.5, high=1.5), "b": distinct(6, channels)}
        stored = {"m": distinct(7, channels), "v": distinct(8, channels, low=0.5, high=2)}

        def forward(x, s, b):
            y = F.batch_norm(x, None, None, s, b, training=True, eps=epsilon)
            if export:
                return y
            axes = [a for a in range(x.ndim) if a != 1]
            # ONNX's running variance takes the biased variance, PyTorch's the unbiased one.
            mean, variance = x.mean(axes), x.var(axes, correction=0)
            return (y, momentum * tensor(stored["m"]) + (1 - momentum) * mean.detach(),
                    momentum * tensor(stored["v"]) + (1 - momentum) * variance.detach())

        case(name, "BatchNormalization", inputs, forward, stored, outputs=["y", "mean", "variance"], export=export,
             training_mode=1, epsilon=epsilon, momentum=momentum,
             convention=None if export else "the running statistics are no function of x")

    batch("batch_normalization_training", x, export=["y"])
    batch("batch_normalization_training_statistics", x, momentum=0.75)
    batch("batch_normalization_training_2d", distinct(2, 6, 5), export=["y"], epsilon=0.01)
    batch("batch_normalization_training_3d", distinct(2, 3, 5, 7), export=["y"])
    batch("batch_normalization_training_33_channels", distinct(2, 3, 33, 2, 3), export=["y"])

    channels = {"s": distinct(5, 4), "b": distinct(6, 4), "m": distinct(7, 4), "v": distinct(8, 4, low=0.5)}
    whole = {"x": x, "s": channels["s"], "b": channels["b"]}
    stored = {"m": channels["m"], "v": channels["v"]}
    case("batch_normalization", "BatchNormalization", whole,
         lambda x, s, b: F.batch_norm(x, tensor(stored["m"]), tensor(stored["v"]), s, b, eps=0.01), stored,
         epsilon=0.01)
    case("batch_normalization_2d", "BatchNormalization", {"x": x[:, :, 0, 0], "s": whole["s"], "b": whole["b"]},
         lambda x, s, b: F.batch_norm(x, tensor(stored["m"]), tensor(stored["v"]), s, b), stored)
    case("batch_normalization_all_inputs", "BatchNormalization", {"x": x, **channels},
         lambda x, s, b, m, v: ((x - m[:, None, None]) / (v[:, None, None] + 1e-5).sqrt() * s[:, None, None]
                                + b[:, None, None]), optional=True)

    def layer(name, x, axis, bias=True, epsilon=1e-5):
        shape = x.shape[axis:] if axis >= 0 else x.shape[x.ndim + axis:]
        inputs = {"x": x, "s": distinct(2, *shape)}
        if bias:
            inputs["b"] = distinct(3, *shape)
        case(name, "LayerNormalization", inputs, lambda x, s, b=None: F.layer_norm(x, shape, s, b, epsilon), axis=axis,
             epsilon=epsilon)

    layer("layer_normalization", distinct(1, 2, 5, 8), -1)
    layer("layer_normalization_no_bias", distinct(1, 2, 5, 8), -1, bias=False)
    layer("layer_normalization_axis1", distinct(1, 2, 3, 5), 1)
    layer("layer_normalization_axis2", x, 2, epsilon=1e-2)
    layer("layer_normalization_axis0", distinct(1, 3, 4), 0)
    layer("layer_normalization_row_of_67", distinct(1, 3, 67), -1)

    def instance(name, x, epsilon=1e-5):
        inputs = {"x": x, "s": distinct(2, x.shape[1]), "b": distinct(3, x.shape[1])}
        case(name, "InstanceNormalization", inputs, lambda x, s, b: F.instance_norm(x, weight=s, bias=b, eps=epsilon),
             epsilon=epsilon)

    instance("instance_normalization", x)
    instance("instance_normalization_1d", distinct(4, 2, 3, 9), epsilon=0.01)

    def group(name, x, groups, epsilon=1e-5):
        inputs = {"x": x, "s": distinct(2, x.shape[1]), "b": distinct(3, x.shape[1])}
        case(name, "GroupNormalization", inputs, lambda x, s, b: F.group_norm(x, groups, s, b, epsilon), opset=21,
             num_groups=groups, epsilon=epsilon)

    group("group_normalization", x, 2)
    group("group_normalization_one", x, 1)
    group("group_normalization_each", x, 4, epsilon=0.01)
    group("group_normalization_1d", distinct(4, 2, 6, 5), 3)


# ------------------------------------------------------------------------------------------------- movement


def take(x, choices):
    """Picks indices along axes: {axis: indices}."""
    for axis, indices in choices.items():
        x = x.index_select(axis, torch.tensor(list(indices)))
    return x


def movements():
    x = {"x": distinct(1, 1, 4, 5, 6)}
    case("concat_channels", "Concat", {"a": distinct(1, 1, 2, 3, 4), "b": distinct(2, 1, 5, 3, 4)},
         lambda a, b: torch.cat([a, b], 1), axis=1)
    case("concat_last", "Concat", {"a": distinct(1, 2, 3), "b": distinct(2, 2, 1), "c": distinct(3, 2, 4)},
         lambda *v: torch.cat(v, -1), axis=-1)
    case("concat_same_input", "Concat", {"a": distinct(1, 2, 3), "b": distinct(2, 1, 3)},
         lambda a, b: torch.cat([a, b, a], 0), order=["a", "b", "a"], axis=0)
    case("split_equal", "Split", x, lambda x: x.split(2, 1), outputs=2, axis=1)
    case("split_sizes", "Split", x, lambda x, *_: x.split([1, 3], 1), {"sizes": ints(1, 3)}, outputs=2, axis=1)
    case("split_last", "Split", x, lambda x, *_: x.split([1, 2, 3], -1), {"sizes": ints(1, 2, 3)}, outputs=3, axis=-1)
    case("split_part_unused", "Split", x, lambda x, *_: x.split([1, 2, 3], -1)[1], {"sizes": ints(1, 2, 3)}, outputs=3,
         export=["y1"], axis=-1)

    def slices(name, starts, ends, axes=None, steps=None):
        constants = {"starts": ints(*starts), "ends": ints(*ends)}
        if axes:
            constants["axes"] = ints(*axes)
        if steps:
            constants["steps"] = ints(*steps)
        choices = {
            axis % 4: range(x["x"].shape[axis])[slice(start, end if abs(end) < 2**40 else None, step)]
            for start, end, axis, step in zip(starts, ends, axes or range(4), steps or [1] * len(starts))
        }
        case(name, "Slice", x, lambda x: take(x, choices), constants)

    slices("slice", (1, 2), (3, 5), (1, 3))
    slices("slice_strided", (1, 0), (2**62, -1), (2, 3), (2, 3))
    slices("slice_negative", (-3,), (-1,), (-1,))
    slices("slice_no_axes", (0, 1), (1, 3))
    slices("slice_reversed", (-1,), (-(2**62),), (1,), (-1,))
    slices("slice_reversed_strided", (-1, 4), (-(2**62), 0), (3, 2), (-2, -3))

    case("gather", "Gather", x, lambda x: x[:, [3, 0, -1]], {"indices": ints(3, 0, -1)}, axis=1)
    tokens = np.array([[0, 4, 4], [1, -2, 0]], np.int64)
    case("gather_embedding", "Gather", {"table": distinct(1, 6, 3), "tokens": tokens}, lambda t, i: t[i])
    case("gather_last", "Gather", {"x": distinct(1, 2, 3, 5), "i": np.array([[4, 0], [0, 0]], np.int64)},
         lambda x, i: x[..., i], axis=-1)
    case("gather_scalar", "Gather", {"x": distinct(1, 5, 3)}, lambda x: x[:, 2], {"indices": np.array(2, np.int64)},
         axis=1)
    case("gather_all_repeated", "Gather", {"x": distinct(1, 3, 17)}, lambda x: x[[1] * 9], {"indices": ints(*[1] * 9)})
    case("gather_elements", "GatherElements", {"x": distinct(1, 3, 4), "i": np.array([[0, 3, 0], [1, -1, 1]], np.int64)},
         lambda x, i: x.gather(1, i % 4), axis=1)
    case("gather_elements_axis0", "GatherElements",
         {"x": distinct(1, 3, 4, 2), "i": np.random.RandomState(3).randint(0, 3, (2, 4, 2)).astype(np.int64)},
         lambda x, i: x.gather(0, i), axis=0)
    case("scatter_elements", "ScatterElements",
         {"x": distinct(1, 3, 4), "i": np.array([[0, 3], [1, -2]], np.int64), "u": distinct(2, 2, 2)},
         lambda x, i, u: x.scatter(1, i % 4, u), opset=18, axis=1, optional=True)
    case("scatter_elements_add", "ScatterElements",
         {"x": distinct(1, 3, 4), "i": np.array([[0, 3, 0], [1, -2, 2]], np.int64), "u": distinct(2, 2, 3)},
         lambda x, i, u: x.scatter_add(1, i % 4, u), opset=18, axis=1, reduction="add", optional=True)

    case("transpose", "Transpose", x, lambda x: x.permute(0, 2, 3, 1), perm=[0, 2, 3, 1])
    case("transpose_cycle", "Transpose", {"x": distinct(1, 2, 3, 4)}, lambda x: x.permute(1, 2, 0), perm=[1, 2, 0])
    case("transpose_default", "Transpose", {"x": distinct(1, 2, 3, 4)}, lambda x: x.permute(2, 1, 0))
    case("transpose_rank5", "Transpose", {"x": distinct(1, 1, 3, 5, 2, 2)}, lambda x: x.permute(0, 1, 3, 4, 2),
         perm=[0, 1, 3, 4, 2])
    case("reshape", "Reshape", x, lambda x: x.reshape(1, -1, 6), {"shape": ints(0, -1, 6)})
    case("flatten", "Flatten", {"x": distinct(1, 2, 3, 4)}, lambda x: x.reshape(2, 12))
    case("flatten_axis2", "Flatten", {"x": distinct(1, 2, 3, 4)}, lambda x: x.reshape(6, 4), axis=2)
    case("squeeze", "Squeeze", {"x": distinct(1, 1, 3, 1, 2)}, lambda x: x[0, :, 0], {"axes": ints(0, 2)})
    case("squeeze_all", "Squeeze", {"x": distinct(1, 1, 3, 1, 2)}, lambda x: x[0, :, 0])
    case("unsqueeze", "Unsqueeze", {"x": distinct(1, 3, 2)}, lambda x: x[None, :, :, None], {"axes": ints(0, -1)})
    case("expand", "Expand", {"x": distinct(1, 3, 1)}, lambda x: x.expand(2, 3, 4), {"shape": ints(2, 1, 4)})
    case("expand_scalar", "Expand", {"x": np.array(0.7, np.float32)}, lambda x: x.expand(2, 3), {"shape": ints(2, 3)})
    case("expand_middle", "Expand", {"x": distinct(1, 2, 1, 3)}, lambda x: x.expand(2, 4, 3), {"shape": ints(2, 4, 3)})
    case("tile", "Tile", {"x": distinct(1, 2, 3)}, lambda x: x.repeat(2, 3), {"repeats": ints(2, 3)})
    case("tile_middle", "Tile", {"x": distinct(1, 2, 3, 2)}, lambda x: x.repeat(1, 3, 1), {"repeats": ints(1, 3, 1)})

    def padded(name, pads, mode="constant", value=None):
        constants = {"pads": ints(*pads)}
        if value is not None:
            constants["value"] = np.array(value, np.float32)

        def forward(x):
            if mode == "constant":
                return F.pad(x, split_pads(pads), value=value or 0.0)
            return take(x, {a: np.pad(np.arange(x.shape[a]), (pads[a], pads[a + 4]), mode) for a in range(4)})

        case(name, "Pad", x, forward, constants, mode=mode)

    padded("pad_constant", (0, 0, 1, 2, 0, 1, 0, 3), value=0.5)
    padded("pad_zero", (0, 1, 0, 2, 0, 0, 1, 0))
    padded("pad_crop", (0, 0, -1, 0, 0, 0, 1, -2))
    padded("pad_reflect", (0, 0, 2, 3, 0, 0, 1, 2), "reflect")
    padded("pad_reflect_whole", (0, 0, 4, 0, 0, 0, 4, 5), "reflect")
    padded("pad_edge", (0, 0, 2, 3, 0, 0, 1, 2), "edge")

    case("topk", "TopK", {"x": distinct(4, 3, 9)}, lambda x: tuple(x.topk(4)), {"k": ints(4)}, outputs=2)
    case("topk_smallest", "TopK", {"x": distinct(4, 3, 9)}, lambda x: tuple(x.topk(2, largest=False)), {"k": ints(2)},
         outputs=2, largest=0)
    case("topk_axis", "TopK", {"x": distinct(4, 3, 9, 2)}, lambda x: x.topk(3, 1)[0], {"k": ints(3)}, outputs=2,
         export=["y0"], axis=1)
    case("cast_float", "Cast", {"x": distinct(1, 2, 3)}, lambda x: x * 1, to=TensorProto.FLOAT)
    case("dropout_inference", "Dropout", {"x": distinct(1, 2, 3)}, lambda x: x * 1)
    g = Builder()
    y = g("Mul", "x", g("Cast", "n", to=TensorProto.FLOAT))
    composed("cast_of_integers", g, {"x": distinct(1, 2, 3), "n": ints(3, -1, 2)}, [y], lambda x, n: x * n.double())
    g = Builder()
    steps = g("Cast", g("Cast", "x", to=TensorProto.INT64), to=TensorProto.FLOAT)
    composed("cast_stops", g, {"x": distinct(1, 2, 3, low=-5, high=5)}, [g("Mul", "x", steps)],
             lambda x: x * x.detach().trunc(), convention="no gradient passes through integers")


# ------------------------------------------------------------------------------------------------ recurrent


def reverse_in_time(x, lengths):
    """Reverses each sequence of x, [time, batch, …], within its length."""
    time = torch.arange(x.shape[0])[:, None]
    index = torch.where(time < lengths, lengths - 1 - time, time)
    return x.gather(0, index[..., None].expand_as(x))


def gates(w, order):
    parts = w.chunk(len(order), 0)
    return torch.cat([parts[i] for i in order])


def one_direction(op, x, w, r, b, lengths, h, c, linear_before_reset):
    """x: [time, batch, in]; w: [gates × hidden, in]; r: [gates × hidden, hidden]; b: [2 × gates × hidden]."""
    if op == "GRU" and not linear_before_reset:
        # PyTorch has no such GRU: the equations of ONNX's operator, step by step.
        outputs, half = [], b.shape[0] // 2
        wz, wr, wn = w.chunk(3)
        rz, rr, rn = r.chunk(3)
        bz, br, bn = (b[:half] + b[half:]).chunk(3)
        for t in range(x.shape[0]):
            z = torch.sigmoid(x[t] @ wz.T + h @ rz.T + bz)
            reset = torch.sigmoid(x[t] @ wr.T + h @ rr.T + br)
            n = torch.tanh(x[t] @ wn.T + (reset * h) @ rn.T + bn)
            alive = (t < lengths)[:, None]
            h = torch.where(alive, (1 - z) * n + z * h, h)
            outputs.append(torch.where(alive, h, 0.0))
        return torch.stack(outputs), h, None
    # ONNX: input, output, forget, cell and update, reset, new; PyTorch: i, f, g, o and r, z, n.
    order = (0, 2, 3, 1) if op == "LSTM" else (1, 0, 2)
    weights = [gates(w, order), gates(r, order), *(gates(v, order) for v in b.chunk(2))]
    packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
    states = [s[None, packed.sorted_indices] for s in (h, c) if s is not None]
    if op == "LSTM":
        data, h, c = torch.lstm(packed.data, packed.batch_sizes, states, weights, True, 1, 0.0, True, False)
    else:
        data, h = torch.gru(packed.data, packed.batch_sizes, states[0], weights, True, 1, 0.0, True, False)
    y, _ = pad_packed_sequence(
        PackedSequence(data, packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices),
        total_length=x.shape[0])
    back = packed.unsorted_indices
    return y, h[0, back], c[0, back] if op == "LSTM" else None


def recurrent(name, op, direction="forward", time=5, batch=3, width=4, hidden=3, bias=True, lengths=None, initial=False,
              feed_lengths=False, export=None, linear_before_reset=0):
    count = {"LSTM": 4, "GRU": 3}[op]
    flags = {"forward": [False], "reverse": [True], "bidirectional": [False, True]}[direction]
    rows = count * hidden
    inputs = {"x": distinct(1, time, batch, width), "w": distinct(2, len(flags), rows, width, low=-0.8, high=0.8),
              "r": distinct(3, len(flags), rows, hidden, low=-0.8, high=0.8)}
    constants = {}
    order = ["x", "w", "r", "", "", ""]
    if bias:
        inputs["b"], order[3] = distinct(4, len(flags), 2 * rows, low=-0.5, high=0.5), "b"
    if lengths:
        (inputs if feed_lengths else constants)["lengths"] = np.array(lengths, np.int32)
        order[4] = "lengths"
    if initial:
        inputs["h"], order[5] = distinct(5, len(flags), batch, hidden, low=-1, high=1), "h"
        if op == "LSTM":
            inputs["c"] = distinct(6, len(flags), batch, hidden, low=-1, high=1)
            order.append("c")
    while not order[-1]:
        order.pop()
    outputs = ["y", "yh", "yc"] if op == "LSTM" else ["y", "yh"]

    def forward(*values):
        given = dict(zip(inputs, values))
        zeros = torch.zeros(len(flags), batch, hidden, dtype=torch.float64)
        b = given.get("b", torch.zeros(len(flags), 2 * rows, dtype=torch.float64))
        h, c = given.get("h", zeros), given.get("c", zeros)
        long = torch.tensor(lengths or [time] * batch)
        ys, hs, cs = [], [], []
        for d, backward in enumerate(flags):
            x = reverse_in_time(given["x"], long) if backward else given["x"]
            y, last, cell = one_direction(op, x, given["w"][d], given["r"][d], b[d], long, h[d],
                                          c[d] if op == "LSTM" else None, linear_before_reset)
            ys.append(reverse_in_time(y, long) if backward else y)
            hs.append(last)
            cs.append(cell)
        results = {"y": torch.stack(ys, 1), "yh": torch.stack(hs)}
        if op == "LSTM":
            results["yc"] = torch.stack(cs)
        return tuple(results[n] for n in export or outputs)

    attributes = {"linear_before_reset": linear_before_reset} if op == "GRU" else {}
    case(name, op, inputs, forward, constants, outputs=[n if n in (export or outputs) else "" for n in outputs],
         order=order, hidden_size=hidden, direction=direction, **attributes)


def recurrences():
    kinds = [("lstm", "LSTM", 0), ("gru", "GRU", 0), ("gru_linear", "GRU", 1)]
    for tag, op, linear in kinds:
        more = {"linear_before_reset": linear}
        recurrent(f"{tag}_forward", op, **more)
        recurrent(f"{tag}_no_bias", op, bias=False, export=["y"], **more)
        recurrent(f"{tag}_last_state", op, export=["yh"], **more)
        recurrent(f"{tag}_reverse", op, "reverse", **more)
        recurrent(f"{tag}_bidirectional", op, "bidirectional", **more)
        recurrent(f"{tag}_initial", op, initial=True, **more)
        recurrent(f"{tag}_lengths", op, lengths=[5, 2, 4], **more)
        recurrent(f"{tag}_reverse_lengths", op, "reverse", lengths=[3, 5, 1], initial=True, **more)
        recurrent(f"{tag}_bidirectional_lengths", op, "bidirectional", lengths=[2, 5, 3], initial=True,
                  feed_lengths=True, **more)
        recurrent(f"{tag}_odd_width", op, time=3, batch=2, width=5, hidden=9, **more)
        recurrent(f"{tag}_one_step", op, time=1, batch=1, **more)


# ------------------------------------------------------------------------------------------------- composed


def compositions():
    """Gradients that meet, end, or pass several operators."""
    x = distinct(1, 2, 5, 6)

    # Multi-head attention with an additive mask: no position sees a later one; of the second sample two are padding.
    mask = np.triu(np.full((5, 5), -1e4, np.float32), 1)[None, None].repeat(2, 0)
    mask[1, :, :, 3:] = -1e4
    g = Builder()
    shape = g.weight(ints(2, 5, 2, 3))
    q, k, v = (
        g("Transpose", g("Reshape", part, shape), perm=perm) for part, perm in zip(
            g("Split", g("Add", g("MatMul", "x", "wqkv"), "bqkv"), outputs=3, axis=2),
            ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]))
    )
    scores = g("Mul", g("MatMul", q, k), g.weight(np.array(3**-0.5, np.float32)))
    weights = g("Softmax", g("Add", scores, g.weight(mask)), axis=-1)
    heads = g("Reshape", g("Transpose", g("MatMul", weights, v), perm=[0, 2, 1, 3]), g.weight(ints(2, 5, 6)))
    inputs = {"x": x, "wqkv": distinct(2, 6, 18, low=-1, high=1), "bqkv": distinct(3, 18, low=-1, high=1),
              "wo": distinct(4, 6, 6, low=-1, high=1)}

    def attention(x, wqkv, bqkv, wo):
        q, k, v = ((x @ wqkv + bqkv).reshape(2, 5, 3, 2, 3).permute(2, 0, 3, 1, 4))
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=tensor(mask))
        return y.transpose(1, 2).reshape(2, 5, 6) @ wo

    composed("attention", g, inputs, [g("MatMul", heads, "wo")], attention)

    g = Builder()
    y = g("Add", "x", g("Relu", g("Conv", g("Relu", g("Conv", "x", "w", kernel_shape=[3, 3], pads=[1] * 4)), "w",
                                  kernel_shape=[3, 3], pads=[1] * 4)))
    composed("residual_shared_weight", g, {"x": distinct(1, 1, 3, 5, 4), "w": distinct(2, 3, 3, 3, 3)}, [y],
             lambda x, w: x + torch.relu(F.conv2d(torch.relu(F.conv2d(x, w, padding=1)), w, padding=1)))

    g = Builder()
    gate = g("Sigmoid", g("Conv", g("GlobalAveragePool", "x"), "w", kernel_shape=[1, 1]))
    composed("squeeze_excite", g, {"x": distinct(1, 2, 4, 3, 3), "w": distinct(2, 4, 4, 1, 1)}, [g("Mul", "x", gate)],
             lambda x, w: x * torch.sigmoid(F.conv2d(x.mean((2, 3), keepdim=True), w)))

    g = Builder()
    y = g("MatMul", g("Gather", "table", "tokens"), g("Transpose", "table", perm=[1, 0]))
    composed("tied_embedding", g, {"table": distinct(1, 6, 4), "tokens": ints(3, 0, 3, 5)}, [y],
             lambda table, tokens: table[tokens] @ table.T)

    g = Builder()
    centered = g("Sub", "x", g("ReduceMean", "x", axes=[-1], keepdims=1))
    variance = g("ReduceMean", g("Mul", centered, centered), axes=[-1], keepdims=1)
    y = g("Div", centered, g("Sqrt", g("Add", variance, g.weight(np.array(1e-3, np.float32)))))
    composed("layer_normalization_by_parts", g, {"x": x}, [y],
             lambda x: F.layer_norm(x, (6,), eps=1e-3))

    g = Builder()
    h = g("Tanh", g("Gemm", "x", "w", "b", transB=1))
    first, second = g("Gemm", h, "v"), g("ReduceSum", g("Mul", h, h), keepdims=0)
    composed("two_outputs", g, {"x": distinct(1, 3, 4), "w": distinct(2, 5, 4, low=-1, high=1), "b": distinct(3, 5),
                                "v": distinct(4, 5, 2)}, [first, second],
             lambda x, w, b, v: ((h := torch.tanh(x @ w.T + b)) @ v, (h * h).sum()))

    g = Builder()
    hidden = g("Exp", "x")
    composed("output_inside", g, {"x": distinct(1, 3, 4)}, [hidden, g("Mul", hidden, "x")],
             lambda x: (x.exp(), x.exp() * x))

    g = Builder()
    composed("unused_input", g, {"x": distinct(1, 3, 4), "w": distinct(2, 3, 4)},
             [g("Add", g("Sigmoid", "x"), g("Mul", "w", g.weight(np.array(0, np.float32))))],
             lambda x, w: torch.sigmoid(x) + 0 * w)

    g = Builder()
    low = g("AveragePool", "x", kernel_shape=[2, 2], strides=[2, 2])
    up = g("Resize", low, "", g.weight(np.array([1, 1, 2, 2], np.float32)), mode="nearest", nearest_mode="floor",
           coordinate_transformation_mode="asymmetric")
    rows = g("Slice", "x", g.weight(ints(0)), g.weight(ints(2**62)), g.weight(ints(2)), g.weight(ints(2)))
    pooled = g("MaxPool", g("Concat", "x", up, axis=1), kernel_shape=[3, 3], strides=[2, 1], pads=[1, 1, 1, 1])
    composed("pyramid", g, {"x": distinct(1, 1, 2, 6, 4)}, [g("Concat", pooled, rows, axis=1)],
             lambda x: torch.cat([
                 F.max_pool2d(torch.cat([x, F.interpolate(F.avg_pool2d(x, 2), scale_factor=2)], 1), 3, (2, 1), 1),
                 x[:, :, ::2]], 1))


if __name__ == "__main__":
    torch.set_num_threads(1)
    PATH.parent.mkdir(parents=True, exist_ok=True)
    for part in (convolutions, pools, resizes, unary_functions, binary_functions, products, reductions, normalizations,
                 movements, recurrences, compositions):
        before = len(CASES)
        part()
        print(f"{part.__name__}: {len(CASES) - before}")
    PATH.write_text("[\n" + ",\n".join(json.dumps(c) for c in CASES) + "\n]\n")
    print(len(CASES), "cases,", PATH.stat().st_size, "bytes;",
          [c["name"] for c in CASES if c["checkedWith"] != "ONNX Runtime"], "by the ONNX reference")
