"""Builds the golden losses of the tests: inputs, values, and gradients of the value by the inputs, from PyTorch.

    python3 Tests/Oracles/make_loss_goldens.py

writes Tests/TrainingTests/Goldens/losses.json, a list of cases:

    name, loss    the case, and which of the functions below it is.
    parameters    of the loss, by name.
    inputs        {"name", "dtype", "shape", "data"}, little-endian bytes in base64.
    outputs       "loss", a scalar, and where it is of use the loss of each sample ("samples").
    gradients     of "loss", for the inputs that learn: the formulas in float64, rounded to float32.

Each gradient is checked against a central difference, but for CIoU's, which holds a part fixed. Needs numpy, onnx,
onnxruntime and torch. A second run writes the same bytes.
"""

import inspect
import json
import math
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

from make_gradient_goldens import distinct
from make_test_models import encode, ints

PATH = pathlib.Path(__file__).resolve().parent.parent / "TrainingTests" / "Goldens" / "losses.json"
CASES = []


def case(name, loss, function, inputs, learns, constant=(), **parameters):
    """`function` takes the inputs and the parameters and returns the loss, or the loss and that of each sample.

    `constant` names parts that the gradient takes as fixed; a difference cannot check those.
    """

    # The defaults too, so that a case says all.
    known = inspect.signature(function).parameters.values()
    parameters = {p.name: p.default for p in known if isinstance(p.default, (bool, int, float, str))} | parameters

    def evaluate(shift=0.0, directions=None):
        tensors = {}
        for n, a in inputs.items():
            t = torch.from_numpy(np.array(a))
            t = t.double() if a.dtype == np.float32 else t
            if n in learns:
                t = (t + shift * directions[n] if directions else t).detach().requires_grad_()
            tensors[n] = t
        result = function(**tensors, **parameters)
        return tensors, result if isinstance(result, tuple) else (result,)

    tensors, results = evaluate()
    gradients = torch.autograd.grad(results[0], [tensors[n] for n in learns])
    assert all(bool(g.isfinite().all()) for g in gradients) and bool(results[0].isfinite()), name
    if not constant:
        generator = np.random.RandomState(sum(name.encode()))
        directions = {n: torch.from_numpy(generator.uniform(-1, 1, inputs[n].shape)) for n in learns}
        up, down = (evaluate(s, directions)[1][0].item() for s in (1e-5, -1e-5))
        analytic = sum((g * directions[n]).sum().item() for n, g in zip(learns, gradients))
        assert abs((up - down) / 2e-5 - analytic) <= 1e-6 * max(1, abs(analytic)), name
    rounded = [r.detach().to(torch.float32).numpy() for r in results]
    CASES.append({
        "name": name, "loss": loss, "parameters": parameters,
        "inputs": [encode(n, a) for n, a in inputs.items()],
        "outputs": [encode(n, r) for n, r in zip(("loss", "samples"), rounded)],
        "gradients": [encode(n, g.to(torch.float32).numpy()) for n, g in zip(learns, gradients)],
    })


def reduced(samples, reduction):
    return samples.mean() if reduction == "mean" else samples.sum()


def labels(seed, classes, *shape):
    return np.random.RandomState(seed).randint(0, classes, shape).astype(np.int64)


def flags(seed, *shape):
    return np.random.RandomState(seed).randint(0, 2, shape).astype(np.float32)


# ------------------------------------------------------------------------------------------ classification


def cross_entropy(logits, labels=None, weights=None, probabilities=None, labelSmoothing=0.0, ignoreIndex=-100,
                  reduction="mean"):
    """Classes on axis 1. The mean divides by the summed weights of the labels that count."""
    target = labels if labels is not None else probabilities
    return F.cross_entropy(logits, target, weights, ignore_index=ignoreIndex, reduction=reduction,
                           label_smoothing=labelSmoothing)


def binary_cross_entropy(logits, targets, positiveWeights=None, reduction="mean"):
    """−(p·y·log σ(x) + (1 − y)·log(1 − σ(x))), p by the last axis."""
    return F.binary_cross_entropy_with_logits(logits, targets, pos_weight=positiveWeights, reduction=reduction)


def focal(logits, targets, gamma=2.0, alpha=0.25, reduction="mean"):
    """Lin et al. 2017 on sigmoids: −αt·(1 − pt)^γ·log pt; α of the positives, none where it is negative."""
    p = torch.sigmoid(logits)
    entropy = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    pt = p * targets + (1 - p) * (1 - targets)
    loss = entropy * (1 - pt) ** gamma
    if alpha >= 0:
        loss = loss * (alpha * targets + (1 - alpha) * (1 - targets))
    return reduced(loss, reduction)


def classification():
    logits = distinct(1, 5, 7, low=-3, high=3)
    one = {"logits": logits, "labels": labels(2, 7, 5)}
    weights = {"weights": distinct(3, 7, low=0.3, high=2)}
    learns = ["logits"]
    ignored = dict(one, labels=np.where(np.arange(5) % 2 == 1, -100, one["labels"]))
    dense = {"logits": distinct(4, 2, 4, 3, 5), "labels": labels(5, 4, 2, 3, 5)}
    dense["labels"][1, 1] = 255
    soft = {"logits": logits,
            "probabilities": torch.softmax(torch.from_numpy(distinct(6, 5, 7)), -1).numpy().astype(np.float32)}

    def ce(name, inputs, **parameters):
        case(name, "crossEntropy", cross_entropy, inputs, learns, **parameters)

    ce("cross_entropy", one)
    ce("cross_entropy_sum", one, reduction="sum")
    ce("cross_entropy_smoothed", one, labelSmoothing=0.1)
    ce("cross_entropy_weights", one | weights)
    ce("cross_entropy_weights_smoothed", one | weights, labelSmoothing=0.1)
    ce("cross_entropy_ignored", ignored, ignoreIndex=-100)
    ce("cross_entropy_ignored_smoothed_weights", ignored | weights, labelSmoothing=0.1, ignoreIndex=-100)
    ce("cross_entropy_pixels", dense, ignoreIndex=255)
    ce("cross_entropy_probabilities", soft)
    ce("cross_entropy_probabilities_smoothed", soft, labelSmoothing=0.1)
    ce("cross_entropy_large", {"logits": np.array([[90, -90, 3], [-1000, 0, 1000]], np.float32), "labels": ints(1, 2)})

    pairs = {"logits": distinct(7, 4, 6, low=-4, high=4), "targets": flags(8, 4, 6)}
    positive = {"positiveWeights": distinct(9, 6, low=0.5, high=4)}
    between = dict(pairs, targets=distinct(10, 4, 6, low=0, high=1))
    extreme = {"logits": np.array([-200, -40, 40, 200], np.float32), "targets": np.array([1, 0, 1, 0], np.float32)}

    def bce(name, inputs, **parameters):
        case(name, "binaryCrossEntropy", binary_cross_entropy, inputs, learns, **parameters)

    bce("binary_cross_entropy", pairs)
    bce("binary_cross_entropy_sum", pairs, reduction="sum")
    bce("binary_cross_entropy_positive_weights", pairs | positive)
    bce("binary_cross_entropy_soft", between)
    bce("binary_cross_entropy_soft_positive_weights", between | positive, reduction="sum")
    bce("binary_cross_entropy_extreme", extreme)

    def fl(name, inputs, **parameters):
        case(name, "focal", focal, inputs, learns, **parameters)

    fl("focal", pairs, gamma=2.0, alpha=0.25)
    fl("focal_sum", pairs, gamma=2.0, alpha=0.25, reduction="sum")
    fl("focal_gamma", pairs, gamma=1.5, alpha=0.5)
    fl("focal_no_alpha", pairs, gamma=2.0, alpha=-1.0)
    fl("focal_extreme", extreme, gamma=2.0, alpha=0.25)


# ----------------------------------------------------------------------------------------------- regression


def mean_squared(predictions, targets, reduction="mean"):
    return F.mse_loss(predictions, targets, reduction=reduction)


def huber(predictions, targets, delta=1.0, reduction="mean"):
    """d²/2 where |d| < δ, else δ·(|d| − δ/2)."""
    return F.huber_loss(predictions, targets, reduction=reduction, delta=delta)


def smooth_l1(predictions, targets, beta=1.0, reduction="mean"):
    """Huber's loss over β."""
    return F.smooth_l1_loss(predictions, targets, reduction=reduction, beta=beta)


def regression():
    pair = {"predictions": distinct(1, 3, 4, 2), "targets": distinct(2, 3, 4, 2) + np.float32(0.05)}
    for reduction in ("mean", "sum"):
        tag = "" if reduction == "mean" else "_sum"
        case(f"mean_squared{tag}", "meanSquared", mean_squared, pair, ["predictions"], reduction=reduction)
        for delta in (1.0, 0.4):
            part = "" if delta == 1 else "_small"
            case(f"huber{part}{tag}", "huber", huber, pair, ["predictions"], delta=delta, reduction=reduction)
            case(f"smooth_l1{part}{tag}", "smoothL1", smooth_l1, pair, ["predictions"], beta=delta,
                 reduction=reduction)


# ------------------------------------------------------------------------------------------------ sequences


def ctc(logits, labels, inputLengths, labelLengths, blank=0, reduction="mean", zeroInfinity=False):
    """Graves et al. 2006; logits [time, batch, class], the softmax inside; the gradient is that of the logits.

    The mean divides each sample's loss by its label's length, at least 1, first. `zeroInfinity`: a sample whose label does
    not fit counts as 0 and has no gradient.
    """
    samples = F.ctc_loss(logits.log_softmax(-1), labels, inputLengths, labelLengths, blank, "none", zeroInfinity)
    if reduction == "sum":
        return samples.sum(), samples
    return (samples / labelLengths.clamp(min=1)).mean(), samples


def sequences():
    logits = {"logits": distinct(1, 8, 4, 5, low=-2, high=2)}

    def add(name, rows, input_lengths, inputs=logits, **parameters):
        longest = max(len(r) for r in rows)
        padded = np.array([r + [0] * (longest - len(r)) for r in rows], np.int64)
        more = {"labels": padded, "inputLengths": ints(*input_lengths), "labelLengths": ints(*[len(r) for r in rows])}
        case(name, "ctc", ctc, inputs | more, ["logits"], **parameters)

    rows = [[1, 2, 3], [4, 4], [2], [3, 3, 3, 1]]
    add("ctc", rows, [8, 8, 8, 8])
    add("ctc_sum", rows, [8, 8, 8, 8], reduction="sum")
    add("ctc_lengths", rows, [6, 3, 1, 8])
    add("ctc_tight", [[1, 1, 2], [1, 2, 3, 4], [4], [2, 2]], [4, 4, 1, 3], reduction="sum")
    add("ctc_empty_label", [[1, 2], [], [3], [4, 1]], [8, 5, 7, 6])
    add("ctc_infeasible", [[1, 2, 3], [4, 4], [2, 1], [3, 3, 3, 1]], [8, 2, 1, 6], zeroInfinity=True)
    add("ctc_infeasible_sum", [[1, 2, 3], [4, 4], [2, 1], [3, 3, 3, 1]], [8, 2, 1, 6], zeroInfinity=True,
        reduction="sum")
    add("ctc_blank_last", [[0, 1], [3, 3], [2], [0, 0, 0]], [8, 7, 6, 8], blank=4)
    sharp = {"logits": distinct(2, 40, 1, 6, low=-30, high=30)}
    add("ctc_long", [[1, 1, 2, 3, 5, 4, 4, 2, 1, 5, 5, 3]], [40], sharp)


# ---------------------------------------------------------------------------------------------------- boxes


def ciou(predictions, targets, epsilon=1e-7, reduction="mean"):
    """Zheng et al. 2020, boxes x1 y1 x2 y2: 1 − IoU + ρ²/c² + α·v; α = v / (1 − IoU + v) is a constant of the gradient.

    ε is added to the union, to c² and to the denominator of α, and nowhere else.
    """
    px1, py1, px2, py2 = predictions.unbind(-1)
    tx1, ty1, tx2, ty2 = targets.unbind(-1)
    width = (torch.minimum(px2, tx2) - torch.maximum(px1, tx1)).clamp(min=0)
    height = (torch.minimum(py2, ty2) - torch.maximum(py1, ty1)).clamp(min=0)
    intersection = width * height
    union = (px2 - px1) * (py2 - py1) + (tx2 - tx1) * (ty2 - ty1) - intersection
    iou = intersection / (union + epsilon)
    diagonal = ((torch.maximum(px2, tx2) - torch.minimum(px1, tx1)) ** 2
                + (torch.maximum(py2, ty2) - torch.minimum(py1, ty1)) ** 2 + epsilon)
    distance = ((px1 + px2 - tx1 - tx2) ** 2 + (py1 + py2 - ty1 - ty2) ** 2) / 4
    v = 4 / math.pi**2 * (torch.atan((tx2 - tx1) / (ty2 - ty1)) - torch.atan((px2 - px1) / (py2 - py1))) ** 2
    with torch.no_grad():
        alpha = v / (1 - iou + v + epsilon)
    samples = 1 - iou + distance / diagonal + alpha * v
    return reduced(samples, reduction), samples


def distribution_focal(logits, targets, reduction="mean"):
    """Li et al. 2020: the cross-entropies to the bins left and right of a target, weighted by its nearness to each.

    Logits [n, bins], targets in [0, bins − 1): left = ⌊y⌋, −(left + 1 − y)·log p(left) − (y − left)·log p(left + 1).
    """
    left = targets.floor().long()
    near = F.cross_entropy(logits, left, reduction="none")
    far = F.cross_entropy(logits, left + 1, reduction="none")
    samples = near * (left + 1 - targets) + far * (targets - left)
    return reduced(samples, reduction), samples


def boxes():
    predictions = np.array([
        [10.3, 12.1, 50.7, 40.2], [5.1, 5.3, 20.4, 33.3], [0.2, 0.4, 8.1, 6.2], [30.5, 31.2, 90.1, 95.4],
        [12.4, 11.3, 18.2, 19.7], [40.1, 2.2, 44.3, 80.9],
    ], np.float32)
    targets = np.array([
        [12.6, 9.8, 47.2, 43.9], [4.2, 7.7, 25.6, 30.1], [40.3, 50.1, 62.7, 58.8], [41.4, 38.3, 70.2, 60.6],
        [8.1, 5.2, 30.3, 40.4], [10.7, 30.6, 75.5, 36.2],
    ], np.float32)
    # Overlapping twice, apart, around, inside, crossing.
    pair = {"predictions": predictions, "targets": targets}
    unit = {n: a / np.float32(128) for n, a in pair.items()}
    for reduction in ("mean", "sum"):
        tag = "" if reduction == "mean" else "_sum"
        case(f"ciou{tag}", "ciou", ciou, pair, ["predictions"], constant=["alpha"], epsilon=1e-7, reduction=reduction)
    case("ciou_unit", "ciou", ciou, unit, ["predictions"], constant=["alpha"], epsilon=1e-7)
    near = {"predictions": targets + distinct(3, 6, 4, low=-0.02, high=0.02), "targets": targets}
    case("ciou_near", "ciou", ciou, near, ["predictions"], constant=["alpha"], epsilon=1e-7)

    bins = {"logits": distinct(4, 6, 16, low=-3, high=3),
            "targets": np.array([0.0, 0.37, 3.0, 7.81, 14.2, 14.99], np.float32)}
    case("distribution_focal", "distributionFocal", distribution_focal, bins, ["logits"])
    case("distribution_focal_sum", "distributionFocal", distribution_focal, bins, ["logits"], reduction="sum")


# ----------------------------------------------------------------------------------- metric, distillation


def triplet(anchors, positives, negatives, margin=1.0, epsilon=1e-6, reduction="mean"):
    """max(0, ‖a − p + ε‖ − ‖a − n + ε‖ + margin); PyTorch adds ε to every component of the difference."""
    samples = F.triplet_margin_loss(anchors, positives, negatives, margin, eps=epsilon, reduction="none")
    return reduced(samples, reduction), samples


def nt_xent(embeddings, temperature=0.5):
    """Chen et al. 2020: rows i and i + n/2 are views of one sample, all others are negatives; cosine similarities."""
    z = F.normalize(embeddings, dim=-1)
    count = z.shape[0]
    similarities = z @ z.T / temperature
    similarities = similarities.masked_fill(torch.eye(count, dtype=torch.bool), -math.inf)
    return F.cross_entropy(similarities, (torch.arange(count) + count // 2) % count)


def info_nce(queries, keys, temperature=0.07, symmetric=False):
    """van den Oord et al. 2018: row i of the queries belongs to row i of the keys; symmetric: the mean of both ways."""
    scores = F.normalize(queries, dim=-1) @ F.normalize(keys, dim=-1).T / temperature
    own = torch.arange(scores.shape[0])
    loss = F.cross_entropy(scores, own)
    return (loss + F.cross_entropy(scores.T, own)) / 2 if symmetric else loss


def kl_divergence(logits, targets, reduction="batchMean"):
    """Σ t·(log t − log softmax(x)) over the number of rows; a zero target adds nothing."""
    assert reduction == "batchMean"
    return F.kl_div(logits.log_softmax(-1), targets, reduction="batchmean")


def distillation(logits, teacher, labels, temperature=4.0, alpha=0.7):
    """Hinton et al. 2015: α·T²·KL(softmax(teacher/T) ‖ softmax(logits/T)) + (1 − α)·cross-entropy, means over rows."""
    soft = F.kl_div((logits / temperature).log_softmax(-1), (teacher / temperature).softmax(-1),
                    reduction="batchmean")
    return alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(logits, labels)


def metrics():
    three = {"anchors": distinct(1, 5, 6), "positives": distinct(2, 5, 6), "negatives": distinct(3, 5, 6)}
    # The last sample is satisfied already: it has no gradient.
    three["positives"][4] = three["anchors"][4] + distinct(4, 6, low=-0.1, high=0.1)
    every = list(three)
    case("triplet", "triplet", triplet, three, every, margin=1.0, epsilon=1e-6)
    case("triplet_sum", "triplet", triplet, three, every, margin=0.3, epsilon=1e-6, reduction="sum")
    case("nt_xent", "ntXent", nt_xent, {"embeddings": distinct(5, 8, 6)}, ["embeddings"], temperature=0.5)
    case("nt_xent_sharp", "ntXent", nt_xent, {"embeddings": distinct(6, 10, 4)}, ["embeddings"], temperature=0.1)
    rows = {"queries": distinct(7, 5, 6), "keys": distinct(8, 5, 6)}
    case("info_nce", "infoNCE", info_nce, rows, ["queries", "keys"], temperature=0.07, symmetric=False)
    case("info_nce_symmetric", "infoNCE", info_nce, rows, ["queries", "keys"], temperature=0.2, symmetric=True)

    logits = distinct(9, 5, 7, low=-3, high=3)
    targets = torch.softmax(torch.from_numpy(distinct(10, 5, 7)), -1).numpy().astype(np.float32)
    case("kl_divergence", "klDivergence", kl_divergence, {"logits": logits, "targets": targets}, ["logits"],
         reduction="batchMean")
    sparse = targets.copy()
    sparse[:, 2:5] = 0
    case("kl_divergence_zeros", "klDivergence", kl_divergence, {"logits": logits, "targets": sparse}, ["logits"],
         reduction="batchMean")
    taught = {"logits": logits, "teacher": distinct(11, 5, 7, low=-5, high=5), "labels": labels(12, 7, 5)}
    case("distillation", "distillation", distillation, taught, ["logits"], temperature=4.0, alpha=0.7)
    case("distillation_warm", "distillation", distillation, taught, ["logits"], temperature=1.5, alpha=0.4)


if __name__ == "__main__":
    torch.set_num_threads(1)
    PATH.parent.mkdir(parents=True, exist_ok=True)
    for part in (classification, regression, sequences, boxes, metrics):
        part()
    PATH.write_text("[\n" + ",\n".join(json.dumps(c) for c in CASES) + "\n]\n")
    print(len(CASES), "cases,", PATH.stat().st_size, "bytes")
