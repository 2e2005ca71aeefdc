#!/usr/bin/env python3
"""The recipe of `saccade train detector` in PyTorch, for machines with a GPU: the same network, losses and schedule.

    saccade train detector --out runs/new --names person,bicycle,car,motorcycle,bus,truck --epochs 0
    train_detector.py --model runs/new/model.onnx --pack train.npz --out runs/gpu --epochs 200 [--teacher yolox.onnx]

The network is the ONNX file that the program writes; its nodes are run by PyTorch and its trained weights are written
back into it, so that both sides have one definition. PACK is what `pack_detector_data.py` makes of a data set: pictures
and boxes (class or −1 for "ignore", corners in pixels of the picture, confidence).

Each step draws a batch of mosaics (Bochkovskiy et al. 2020) and mixes some of them (Zhang et al. 2018); the last epochs go
without. Cells are assigned by task alignment (Feng et al. 2021). Losses: binary cross-entropy with aligned scores, CIoU
(Zheng et al. 2020), distribution focal loss (Li et al. 2020). A teacher with the same cells sees the same pictures and
gives every cell its probabilities and box as a second target (Beyer et al. 2022: patient and consistent). AdamW, warm-up,
cosine, moving average of the weights. Everything is drawn from --seed on the device, so one device repeats its run.

Writes into OUT: model.onnx (averaged weights), log.csv (for each validation step, epoch, seconds, mean loss since the last one,
AP50 of each class), state.pt (to resume).
"""
import argparse
import csv
import json
import math
import os
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper
from torch import nn

STRIDES = (8, 16, 32)
# Classes of COCO's 80 that a teacher is asked for, in the order of the six.
COCO_OF_SIX = [0, 1, 2, 3, 5, 7]
GRAY = 114 / 255


# --- The network of an ONNX file --------------------------------------------------------------------------------------


class Network(nn.Module):
    """The nodes of an ONNX file up to the values `outputs`: what detectors are made of, and nothing else."""

    MOMENTUM = 0.03

    def __init__(self, path, outputs, trained):
        super().__init__()
        self.file = onnx.load(path)
        self.outputs = outputs
        self.trained = trained
        constants = {item.name: numpy_helper.to_array(item) for item in self.file.graph.initializer}
        for node in self.file.graph.node:
            if node.op_type == "Constant":
                constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
        self.nodes = self.ancestors(outputs)
        self.small = {}
        self.weights = nn.ParameterDict()
        learned = {name for node in self.nodes if node.op_type in ("Conv", "BatchNormalization")
                   for name in list(node.input)[1:3]}
        for node in self.nodes:
            for index, name in enumerate(node.input):
                if name not in constants:
                    continue
                value = constants[name]
                if node.op_type in ("Conv", "BatchNormalization"):
                    key = name.replace(".", "/")
                    if name in learned:
                        self.weights[key] = nn.Parameter(torch.tensor(value), requires_grad=trained)
                    else:
                        self.register_buffer("stat/" + key, torch.tensor(value))
                else:
                    self.small[name] = value.tolist()
        self.swish = self.find_swish()
        self.attributes = [{item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}
                           for node in self.nodes]
        self.steps = [(node.op_type, list(node.input), list(node.output)) for node in self.nodes]

    def ancestors(self, outputs):
        wanted, nodes = set(outputs), []
        for node in reversed(self.file.graph.node):
            if wanted.intersection(node.output) and node.op_type != "Constant":
                nodes.append(node)
                wanted.update(node.input)
        return nodes[::-1]

    def find_swish(self):
        """The Mul of each x · sigmoid(x), by its Sigmoid's result: both run as one."""
        gates = {node.output[0]: node.input[0] for node in self.nodes if node.op_type == "Sigmoid"}
        pairs = {}
        for node in self.nodes:
            if node.op_type == "Mul":
                for gate, other in ((node.input[0], node.input[1]), (node.input[1], node.input[0])):
                    if gates.get(gate) == other:
                        pairs[node.output[0]] = gate
        return pairs

    def weight(self, name):
        return self.weights[name.replace(".", "/")] if name else None

    def forward(self, images):
        values = {self.file.graph.input[0].name: images}
        fused = set(self.swish.values())
        for (kind, inputs, outputs), a in zip(self.steps, self.attributes):
            x = values.get(inputs[0])
            if kind == "Conv":
                bias = self.weight(inputs[2]) if len(inputs) > 2 else None
                y = F.conv2d(x, self.weight(inputs[1]), bias, a.get("strides", 1), a.get("pads", [0])[:2],
                             a.get("dilations", 1), a.get("group", 1))
            elif kind == "BatchNormalization":
                mean, variance = (getattr(self, "stat/" + name.replace(".", "/")) for name in inputs[3:5])
                y = F.batch_norm(x, mean, variance, self.weight(inputs[1]), self.weight(inputs[2]),
                                 self.training and self.trained, self.MOMENTUM, a.get("epsilon", 1e-5))
            elif outputs[0] in fused:
                continue
            elif outputs[0] in self.swish:
                gate = self.swish[outputs[0]]
                y = F.silu(values[inputs[0] if inputs[1] == gate else inputs[1]])
            elif kind == "Sigmoid":
                y = torch.sigmoid(x)
            elif kind == "Relu":
                y = F.relu(x)
            elif kind == "Mul":
                y = x * values[inputs[1]]
            elif kind == "Add":
                y = x + values[inputs[1]]
            elif kind == "Concat":
                y = torch.cat([values[name] for name in inputs], a["axis"])
            elif kind == "Split":
                for name, part in zip(outputs, torch.split(x, self.small[inputs[1]], a["axis"])):
                    values[name] = part
                continue
            elif kind == "MaxPool":
                y = F.max_pool2d(x, a["kernel_shape"], a["strides"], a["pads"][:2])
            elif kind == "Resize":
                y = F.interpolate(x, scale_factor=2.0, mode="nearest")
            elif kind == "Slice":
                begin, _, axis, step = (self.small[name][0] for name in inputs[1:5])
                y = x[(slice(None),) * axis + (slice(begin, None, step),)]
            else:
                raise SystemExit(f"{kind} is not among the operators of detectors")
            values[outputs[0]] = y
        return [values[name] for name in self.outputs]

    def save(self, path, state):
        """The file with the weights of `state`."""
        for item in self.file.graph.initializer:
            key = item.name.replace(".", "/")
            value = state.get("weights." + key, state.get("stat/" + key))
            if value is not None:
                item.CopyFrom(numpy_helper.from_array(value.float().cpu().numpy(), item.name))
        onnx.save(self.file, path)


def cells(size, device):
    """Centres (A×2, pixels) and strides (A) of the cells of a square of `size` pixels."""
    points, strides = [], []
    for stride in STRIDES:
        places = (torch.arange(size // stride, device=device) + 0.5) * stride
        y, x = torch.meshgrid(places, places, indexing="ij")
        points.append(torch.stack([x, y], -1).reshape(-1, 2))
        strides.append(torch.full((len(points[-1]),), float(stride), device=device))
    return torch.cat(points), torch.cat(strides)


class Detector(nn.Module):
    """Logits of classes (B×A×C) and of distances (B×A×4×bins)."""

    def __init__(self, path):
        super().__init__()
        names = [f"head.stride{stride}.{kind}" for kind in ("classes", "boxes") for stride in STRIDES]
        self.network = Network(path, names, trained=True)

    def forward(self, images):
        maps = [m.flatten(2) for m in self.network(images)]
        scores = torch.cat(maps[:3], 2).transpose(1, 2)
        distances = torch.cat(maps[3:], 2).transpose(1, 2)
        return scores.float(), distances.float().unflatten(2, (4, -1))


def corners(distances, points, strides):
    """Boxes (B×A×4: x1, y1, x2, y2 in pixels) from logits of distances."""
    bins = torch.arange(distances.shape[-1], device=distances.device, dtype=torch.float)
    expected = (distances.softmax(-1) * bins).sum(-1) * strides[:, None]
    return torch.cat([points - expected[..., :2], points + expected[..., 2:]], -1)


class Teacher(nn.Module):
    """A YOLOX network: probabilities (B×A×6) and boxes (B×A×4) of the same cells. BGR, 0…255."""

    def __init__(self, path):
        super().__init__()
        file = onnx.load(path)
        joined = [node for node in file.graph.node if node.op_type == "Concat" and len(node.input) == 3][-4:-1]
        self.network = Network(path, [node.output[0] for node in joined], trained=False)

    @torch.no_grad()
    def forward(self, images, points, strides):
        pixels = (images.flip(1) * 255).to(next(self.parameters()).dtype, memory_format=torch.channels_last)
        maps = torch.cat([m.flatten(2) for m in self.network(pixels)], 2).transpose(1, 2).float()
        # The grid of this network counts from a cell's corner.
        centre = maps[..., :2] * strides[:, None] + points - strides[:, None] / 2
        half = maps[..., 2:4].clamp(max=8).exp() * strides[:, None] / 2
        scores = torch.stack([maps[..., 5 + kind] for kind in COCO_OF_SIX], -1) * maps[..., 4:5]
        return scores, torch.cat([centre - half, centre + half], -1)


# --- Pictures ---------------------------------------------------------------------------------------------------------


class Pictures:
    """A pack on the device: pictures N×3×side×side (bytes, at the top left), sizes, boxes N×M×6 (class, x1, y1, x2, y2,
    confidence; class −2: no box)."""

    def __init__(self, packs, part, device):
        import cv2

        boxes, encoded = [], []
        side = 320
        for pack in packs:
            data = np.load(pack)
            content, rows = data["bytes"], data["boxes"]
            for begin, length, b0, b1, validation in data["index"]:
                if bool(validation) == (part == "val"):
                    encoded.append(content[begin:begin + length])
                    boxes.append(rows[b0:b1])
        images = np.full((len(encoded), 3, side, side), 114, np.uint8)

        def decode(number):
            image = cv2.imdecode(encoded[number], cv2.IMREAD_COLOR)[:, :, ::-1]
            images[number, :, :image.shape[0], :image.shape[1]] = image.transpose(2, 0, 1)
            return image.shape[1], image.shape[0]

        with ThreadPoolExecutor() as workers:
            sizes = list(workers.map(decode, range(len(encoded))))
        self.side = side
        self.images = torch.from_numpy(images).to(device)
        self.sizes = torch.tensor(sizes, dtype=torch.float, device=device)
        most = max(len(b) for b in boxes)
        table = np.full((len(boxes), most, 6), -2, np.float32)
        for row, b in zip(table, boxes):
            row[:len(b)] = b
        self.boxes = torch.from_numpy(table).to(device)

    def __len__(self):
        return len(self.images)


class Augmenter:
    """Batches of pictures with their boxes, drawn on the device."""

    MOST_BOXES = 80

    def __init__(self, pictures, options, device):
        self.pictures, self.options, self.device = pictures, options, device
        self.random = torch.Generator(device).manual_seed(options.seed)

    def uniform(self, *shape, low=0.0, high=1.0):
        return torch.rand(*shape, generator=self.random, device=self.device) * (high - low) + low

    def chance(self, count, probability):
        return self.uniform(count) < probability

    def batch(self, index, size, mosaic, mixup):
        """Images B×3×size×size in 0…1 and boxes B×M×6 of the pictures `index`."""
        images, boxes = self.compose(index, size, mosaic)
        if mixup > 0:
            other = torch.randperm(len(index), generator=self.random, device=self.device)
            mixed = self.chance(len(index), mixup)
            share = torch.where(mixed, self.uniform(len(index), low=0.4, high=0.6), 1.0)[:, None, None, None]
            images = images * share.to(images) + images[other] * (1 - share).to(images)
            second = boxes[other].clone()
            second[~mixed, :, 0] = -2
            boxes = self.compact(torch.cat([boxes, second], 1))
        return images, boxes

    def compose(self, index, size, mosaic):
        count, side = len(index), self.pictures.side
        four = self.chance(count, mosaic)
        others = torch.randint(len(self.pictures), (count, 3), generator=self.random, device=self.device)
        source = torch.cat([index[:, None], others], 1)
        # The tiles' rectangles: x1, y1, x2, y2.
        cx, cy = (self.uniform(2, count, low=0.3, high=0.7) * size).round()
        zero, full = torch.zeros_like(cx), torch.full_like(cx, size)
        tiles = torch.stack([torch.stack(t, -1) for t in
                             ((zero, zero, cx, cy), (cx, zero, full, cy), (zero, cy, cx, full), (cx, cy, full, full))], 1)
        whole = torch.tensor([[0, 0, size, size]] + [[0, 0, 0, 0]] * 3, dtype=torch.float, device=self.device)
        tiles = torch.where(four[:, None, None], tiles, whole)
        extent = tiles[..., 2:] - tiles[..., :2]
        sizes = self.pictures.sizes[source]
        fit = (extent / sizes).amin(-1)
        low = torch.where(four, math.log(0.9), math.log(0.55))[:, None]
        high = torch.where(four, math.log(2.0), math.log(1.7))[:, None]
        scale = fit * (low + (high - low) * self.uniform(count, 4)).exp()
        aspect = (self.uniform(count, 4, low=-0.1, high=0.1)).exp()
        scale = torch.stack([scale * aspect, scale / aspect], -1).clamp(min=1e-3)
        drawn = sizes * scale
        spare = extent - drawn
        origin = tiles[..., :2] + self.uniform(count, 4, 2) * spare
        flip = self.uniform(count, 4) < 0.5
        images = self.draw(source, tiles, origin, scale, flip, sizes, size)
        return self.colour(images), self.place(source, tiles, origin, scale, flip, sizes)

    def draw(self, source, tiles, origin, scale, flip, sizes, size):
        count, side = len(source), self.pictures.side
        atlas = self.pictures.images[source].view(count, 2, 2, 3, side, side).permute(0, 3, 1, 4, 2, 5)
        atlas = atlas.reshape(count, 3, 2 * side, 2 * side).float().div_(255)
        axis = torch.arange(size, device=self.device) + 0.5
        # Which tile a pixel belongs to.
        right = axis[None, None, :] >= tiles[:, 0, 2][:, None, None]
        below = axis[None, :, None] >= tiles[:, 0, 3][:, None, None]
        tile = (below.long() * 2 + right.long()).flatten(1)
        pick = lambda values: values.gather(1, tile[..., None].expand(-1, -1, values.shape[2]))
        pixels = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), -1).reshape(1, -1, 2)
        extent = pick(sizes)
        place = (pixels - pick(origin)) / pick(scale)
        outside = ((place < 0) | (place >= extent)).any(-1)
        mirrored = pick(flip[..., None].float())[..., 0] > 0
        x = torch.where(mirrored, extent[..., 0] - place[..., 0], place[..., 0])
        place = torch.stack([x, place[..., 1]], -1)
        place = torch.minimum(place.clamp(min=0.5), extent - 0.5)
        place = place + torch.stack([tile % 2, tile // 2], -1) * side
        grid = (place / side - 1).view(count, size, size, 2)
        images = F.grid_sample(atlas, grid, mode="bilinear", align_corners=False)
        return images.masked_fill_(outside.view(count, 1, size, size), GRAY)

    def colour(self, images):
        count = len(images)
        changed = self.chance(count, 0.8)[:, None, None, None]
        gain = self.uniform(count, 1, 1, 1, low=0.65, high=1.35) * self.uniform(count, 3, 1, 1, low=0.9, high=1.1)
        offset = self.uniform(count, 1, 1, 1, low=-0.1, high=0.1)
        colour = self.uniform(count, 1, 1, 1, low=0.4, high=1.6)
        colour = torch.where(self.chance(count, 0.05)[:, None, None, None], 0.0, colour)
        grey = images.mean(1, keepdim=True)
        altered = ((grey + (images - grey) * colour) * gain + offset).clamp_(0, 1)
        return torch.where(changed, altered, images)

    def place(self, source, tiles, origin, scale, flip, sizes):
        boxes = self.pictures.boxes[source]
        kind, confidence, box = boxes[..., 0], boxes[..., 5], boxes[..., 1:5]
        width = sizes[..., None, :1]
        mirrored = torch.cat([width - box[..., 2:3], box[..., 1:2], width - box[..., :1], box[..., 3:4]], -1)
        box = torch.where(flip[..., None, None], mirrored, box)
        box = box * scale.repeat(1, 1, 2)[:, :, None] + origin.repeat(1, 1, 2)[:, :, None]
        low, high = tiles[:, :, None, :2], tiles[:, :, None, 2:]
        clipped = torch.cat([box[..., :2].maximum(low).minimum(high), box[..., 2:].maximum(low).minimum(high)], -1)
        area = lambda b: (b[..., 2] - b[..., 0]).clamp(min=0) * (b[..., 3] - b[..., 1]).clamp(min=0)
        shown = area(clipped) / area(box).clamp(min=1e-6)
        least = (clipped[..., 2:] - clipped[..., :2]).amin(-1)
        # Mostly cut off, or too small to see: nobody knows.
        kind = torch.where((kind >= 0) & ((shown < 0.35) | (least < 3)), -1.0, kind)
        kind = torch.where((least < 1) | (tiles[:, :, None, 2] <= tiles[:, :, None, 0]), -2.0, kind)
        return self.compact(torch.cat([kind[..., None], clipped, confidence[..., None]], -1).flatten(1, 2))

    def compact(self, boxes):
        """The real boxes first, at most MOST_BOXES."""
        order = boxes[..., 0].clamp(max=0).argsort(dim=1, descending=True, stable=True)[:, :self.MOST_BOXES]
        return boxes.gather(1, order[..., None].expand(-1, -1, 6))


# --- Losses -----------------------------------------------------------------------------------------------------------


def overlap(a, b):
    """IoU of boxes whose shapes broadcast."""
    low, high = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    # Not prod(): its gradient looks for zeros on the host.
    area = lambda low, high: (high[..., 0] - low[..., 0]).clamp(min=0) * (high[..., 1] - low[..., 1]).clamp(min=0)
    common = area(low, high)
    return common / (area(a[..., :2], a[..., 2:]) + area(b[..., :2], b[..., 2:]) - common + 1e-7)


def complete_overlap(a, b):
    """CIoU (Zheng et al. 2020)."""
    iou = overlap(a, b)
    hull = torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])
    between = ((a[..., :2] + a[..., 2:] - b[..., :2] - b[..., 2:]) ** 2).sum(-1) / 4
    wa, ha = (a[..., 2:] - a[..., :2]).clamp(min=1e-4).unbind(-1)
    wb, hb = (b[..., 2:] - b[..., :2]).clamp(min=1e-4).unbind(-1)
    shape = 4 / math.pi ** 2 * (torch.atan(wb / hb) - torch.atan(wa / ha)) ** 2
    with torch.no_grad():
        weight = shape / (1 - iou + shape + 1e-7)
    return iou - between / ((hull ** 2).sum(-1) + 1e-7) - weight * shape


def centres_inside(points, labels):
    """Whether a cell's centre lies in a box: B×A×M."""
    x, y = points[None, :, None, 0], points[None, :, None, 1]
    x1, y1, x2, y2 = (labels[:, None, :, k] for k in range(1, 5))
    return (x > x1) & (x < x2) & (y > y1) & (y < y2)


@torch.no_grad()
def assign(probabilities, boxes, inside, labels, most=10, alpha=0.5, beta=6.0):
    """Task-aligned assignment (Feng et al. 2021): for each cell its object (B×A, −1: none) and the score that it should
    give (B×A)."""
    kind = labels[..., 0]
    real = kind >= 0
    objects = labels[..., 1:5]
    scores = probabilities.gather(2, kind.clamp(min=0).long()[:, None].expand(-1, probabilities.shape[1], -1))
    iou = overlap(boxes[:, :, None], objects[:, None])
    alignment = torch.where(inside & real[:, None], scores.clamp(min=1e-9) ** alpha * iou ** beta, 0.0)
    best, places = alignment.topk(most, 1)
    chosen = torch.zeros_like(alignment).scatter_(1, places, (best > 1e-12).float()) > 0
    # A cell that several objects want goes to the one that it overlaps most.
    kept = torch.where(chosen, iou, -1.0)
    value, owner = kept.max(2)
    owner = torch.where(value >= 0, owner, -1)
    mine = chosen & (owner[..., None] == torch.arange(labels.shape[1], device=labels.device))
    aligned = torch.where(mine, alignment, 0.0)
    greatest = aligned.amax(1, keepdim=True)
    target = aligned / (greatest + 1e-12) * torch.where(mine, iou, 0.0).amax(1, keepdim=True)
    return owner, target.amax(2)


def losses(model_output, labels, points, strides, teaching, options):
    scores, distances = model_output
    boxes = corners(distances, points, strides)
    probabilities = scores.detach().sigmoid()
    inside = centres_inside(points, labels)
    owner, aligned = assign(probabilities, boxes.detach(), inside, labels)
    found = owner >= 0
    mine = labels.gather(1, owner.clamp(min=0)[..., None].expand(-1, -1, 6))
    aligned = aligned * mine[..., 5] * found
    classes = scores.shape[2]
    target = (mine[..., :1] == torch.arange(classes, device=mine.device)) * aligned[..., None]
    hidden = (inside & (labels[..., 0] == -1)[:, None]).any(2) & ~found
    weight = (~hidden).float()[..., None]
    if teaching is not None:
        # Where the teacher sees what no label names, absence is not taught.
        taught, taught_boxes = teaching
        weight = weight * torch.where(found[..., None], 1.0, 1 - taught)
    total = aligned.sum().clamp(min=4)
    cross = F.binary_cross_entropy_with_logits(scores, target, reduction="none")
    result = {"classes": (cross * weight).sum() / total}
    share = aligned / total
    object_box = mine[..., 1:5]
    # Cells without an object have no share: every shape is known beforehand, and a step can be replayed as one graph.
    result["boxes"] = ((1 - complete_overlap(boxes, object_box)) * share).sum()
    bins = distances.shape[-1]
    wanted = torch.cat([points - object_box[..., :2], object_box[..., 2:] - points], -1) / strides[:, None]
    wanted = wanted.clamp(0, bins - 1.01)
    left = wanted.long()
    part = wanted - left
    surprise = -distances.log_softmax(-1)
    at = lambda bin: surprise.gather(3, bin[..., None])[..., 0]
    each = (at(left) * (1 - part) + at(left + 1) * part).mean(-1)
    result["distances"] = (each * share).sum()
    loss = options.class_gain * result["classes"] + options.box_gain * result["boxes"] \
        + options.distance_gain * result["distances"]
    if teaching is not None:
        total = taught.amax(2).clamp(min=0).sum().clamp(min=4)
        cross = F.binary_cross_entropy_with_logits(scores, taught, reduction="none").sum() / total
        strength = taught.amax(2)
        near = (1 - complete_overlap(boxes, taught_boxes)) * torch.where(strength > 0.1, strength, 0.0)
        result["taughtClasses"], result["taughtBoxes"] = cross, near.sum() / total
        loss = loss + options.teaching * (options.class_gain * cross + options.box_gain * result["taughtBoxes"])
    return loss, result


# --- Validation -------------------------------------------------------------------------------------------------------


def letterboxed(pictures, index, size):
    """As the program does it: the whole picture, centred, gray around it. Also scale and offset of each."""
    images = pictures.images[index].float() / 255
    sizes = pictures.sizes[index]
    scale = size / sizes.amax(1)
    result, offsets = [], []
    for image, (width, height), factor in zip(images, sizes.tolist(), scale.tolist()):
        w, h = round(width * factor), round(height * factor)
        part = F.interpolate(image[None, :, :int(height), :int(width)], (h, w), mode="bilinear", antialias=factor < 1)
        left, top = (size - w) // 2, (size - h) // 2
        result.append(F.pad(part, (left, size - w - left, top, size - h - top), value=GRAY))
        offsets.append((left, top))
    return torch.cat(result), scale, torch.tensor(offsets, device=images.device, dtype=torch.float)


@torch.no_grad()
def validate(model, pictures, size, device, amp):
    """AP at IoU 0.5 by class, with boxes that count for nothing ("ignore")."""
    from torchvision.ops import batched_nms

    model.eval()
    points, strides = cells(size, device)
    records = []
    for begin in range(0, len(pictures), 64):
        index = torch.arange(begin, min(begin + 64, len(pictures)), device=device)
        images, scale, offset = letterboxed(pictures, index, size)
        with torch.autocast(device.type, torch.bfloat16, enabled=amp):
            scores, distances = model(images)
        boxes = (corners(distances, points, strides) - offset.repeat(1, 2)[:, None]) / scale[:, None, None]
        for row, b, labels in zip(scores.sigmoid(), boxes, pictures.boxes[index]):
            cell, kind = (row > 0.01).nonzero().unbind(1)
            score = row[cell, kind]
            score, order = score.sort(descending=True, stable=True)
            order, score = order[:2000], score[:2000]
            cell, kind = cell[order], kind[order]
            keep = batched_nms(b[cell], score, kind, 0.6)[:200]
            records.append((score[keep].cpu().numpy(), kind[keep].cpu().numpy(), b[cell[keep]].cpu(), labels.cpu()))
    result = []
    for c in range(scores.shape[2]):
        hits, values, count = [], [], 0
        for score, kind, box, labels in records:
            labels = labels[labels[:, 0] > -2]
            own = labels[labels[:, 0] == c][:, 1:5]
            count += len(own)
            mine = kind == c
            if not mine.any():
                continue
            box = box[torch.from_numpy(mine)]
            iou = overlap(box[:, None], own[None]).numpy() if len(own) else np.zeros((len(box), 0))
            rest = labels[labels[:, 0] == -1][:, 1:5]
            common = (torch.minimum(box[:, None, 2:], rest[None, :, 2:])
                      - torch.maximum(box[:, None, :2], rest[None, :, :2])).clamp(min=0).prod(-1)
            covered = (common / (box[:, 2:] - box[:, :2]).prod(-1)[:, None].clamp(min=1e-6)).numpy()
            used = set()
            for row in range(len(box)):
                options = [(iou[row, k], k) for k in range(iou.shape[1]) if k not in used and iou[row, k] >= 0.5]
                if options:
                    used.add(max(options)[1])
                    hits.append(1)
                elif covered.shape[1] and covered[row].max() > 0.5:
                    continue
                else:
                    hits.append(0)
                values.append(score[mine][row])
        if count == 0:
            result.append(float("nan"))
            continue
        hits = np.array(hits)[np.argsort(-np.array(values), kind="stable")] if hits else np.zeros(0)
        true = np.cumsum(hits)
        precision = np.maximum.accumulate((true / np.arange(1, len(hits) + 1))[::-1])[::-1] if len(hits) else hits
        recall = true / count
        at = np.searchsorted(recall, np.linspace(0, 1, 101))
        result.append(float(np.mean([precision[i] if i < len(precision) else 0 for i in at])))
    return result


# --- Training ---------------------------------------------------------------------------------------------------------


class Step:
    """Losses of a batch of one size and the gradients of their sum. With `graph` the device replays what it recorded the
    first time: the launches of some thousand small kernels would cost more than they do."""

    def __init__(self, model, teacher, grid, options, amp, graph):
        self.model, self.teacher, self.options, self.amp = model, teacher, options, amp
        self.points, self.strides = grid
        self.wanted, self.graph = graph, None

    def run(self, images, labels):
        torch._foreach_zero_([p.grad for p in self.model.parameters()])
        teaching = self.teacher(images, self.points, self.strides) if self.teacher is not None else None
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.amp, cache_enabled=not self.wanted):
            output = self.model(images)
        loss, parts = losses(output, labels, self.points, self.strides, teaching, self.options)
        loss.backward()
        return loss.detach(), {name: value.detach() for name, value in parts.items()}

    def __call__(self, images, labels, pool):
        if not self.wanted:
            return self.run(images, labels)
        if self.graph is None:
            self.images, self.labels = images.clone(), labels.clone()
            beside = torch.cuda.Stream()
            beside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(beside):
                for _ in range(2):
                    self.run(self.images, self.labels)
            torch.cuda.current_stream().wait_stream(beside)
            self.graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self.graph, pool=pool):
                self.result = self.run(self.images, self.labels)
        self.images.copy_(images)
        self.labels.copy_(labels)
        self.graph.replay()
        loss, parts = self.result
        return loss.clone(), {name: value.clone() for name, value in parts.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--pack", nargs="+", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--teacher")
    parser.add_argument("--epochs", type=float, default=200)
    parser.add_argument("--seconds", type=float, help="as many epochs as this time allows, instead of --epochs")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--size", type=int, default=416)
    parser.add_argument("--sizes", type=int, nargs="+", default=[352, 384, 416, 448], help="drawn anew for each step")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--decay", type=float, default=0.05)
    parser.add_argument("--warm-up", type=int, default=500)
    parser.add_argument("--closing", type=float, default=0.12, help="the share of steps at the end without mosaics")
    parser.add_argument("--mosaic", type=float, default=0.8)
    parser.add_argument("--mixup", type=float, default=0.1)
    parser.add_argument("--teaching", type=float, default=1.0, help="the weight of the teacher")
    parser.add_argument("--class-gain", type=float, default=0.5)
    parser.add_argument("--box-gain", type=float, default=4.0)
    parser.add_argument("--distance-gain", type=float, default=1.0)
    parser.add_argument("--average", type=float, default=0.9998)
    parser.add_argument("--fraction", type=float, default=1.0, help="of the training pictures, for learning curves")
    parser.add_argument("--validate-every", type=int, default=2500, help="steps")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--eager", action="store_true", help="do not replay steps as CUDA graphs")
    parser.add_argument("--resume", action="store_true")
    options = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    amp = device.type == "cuda"
    started = time.time()
    os.makedirs(options.out, exist_ok=True)
    torch.manual_seed(options.seed)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True

    training, validation = (Pictures(options.pack, part, device) for part in ("train", "val"))
    if options.fraction < 1:
        chosen = torch.randperm(len(training), generator=torch.Generator().manual_seed(1))
        chosen = chosen[:int(len(training) * options.fraction)].to(device)
        training.images, training.sizes, training.boxes = (
            t[chosen] for t in (training.images, training.sizes, training.boxes))
    print(f"{len(training)} pictures to train on, {len(validation)} to validate on, {time.time() - started:.0f} s",
          flush=True)
    model = Detector(options.model).to(device).to(memory_format=torch.channels_last)
    teacher = None
    if options.teacher:
        teacher = Teacher(options.teacher).to(device).eval().to(memory_format=torch.channels_last)
        teacher = teacher.half() if amp else teacher
    average = {name: value.clone() for name, value in model.state_dict().items()}
    names = dict(model.named_parameters())
    groups = [{"params": [p for p in names.values() if p.ndim > 1], "weight_decay": options.decay},
              {"params": [p for p in names.values() if p.ndim == 1], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=options.rate, betas=(0.9, 0.999), fused=device.type == "cuda")
    augmenter = Augmenter(training, options, device)
    an_epoch = max(len(training) // options.batch, 1)
    total = int(options.epochs * an_epoch)
    step = 0
    state_path, log_path = (os.path.join(options.out, name) for name in ("state.pt", "log.csv"))
    if options.resume:
        state = torch.load(state_path, map_location=device, weights_only=True)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        for name, value in state["average"].items():
            average[name].copy_(value)
        step, total = state["step"], state["total"]
        augmenter.random.set_state(state["random"].cpu())
        options.seconds = None
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    graphs = device.type == "cuda" and not options.eager
    pool = torch.cuda.graph_pool_handle() if graphs else None
    steps = {size: Step(model, teacher, cells(size, device), options, amp, graphs) for size in options.sizes}
    averaged = [key for key in average if average[key].dtype.is_floating_point]
    averages, latest = [average[key] for key in averaged], [model.state_dict()[key] for key in averaged]
    order, sums, losses_seen = None, {}, []
    log = csv.writer(open(log_path, "a" if options.resume else "w", newline=""))
    while step < total:
        if options.seconds and step in (30, 130, 1030):
            if device.type == "cuda":
                torch.cuda.synchronize()
            if step > 30:
                a_step = (time.time() - timed) / (step - timed_at)
                left = options.seconds - (time.time() - started) - 15
                total = step + int(left / (a_step * 1.02))
                print(f"{a_step * 1000:.1f} ms a step, {options.batch / a_step:.0f} pictures a second: {total} steps, "
                      f"{total / an_epoch:.0f} epochs", flush=True)
            timed, timed_at = time.time(), step
        if order is None or step % an_epoch == 0:
            order = torch.randperm(len(training), generator=augmenter.random, device=device)
        place = step % an_epoch * options.batch
        index = order[place:place + options.batch]
        closing = step >= total * (1 - options.closing)
        drawn = int(torch.randint(len(options.sizes), (1,), generator=torch.Generator().manual_seed(
            options.seed * 1_000_003 + step)))
        size = options.sizes[drawn]
        images, labels = augmenter.batch(index, size, 0.0 if closing else options.mosaic,
                                         0.0 if closing else options.mixup)
        images = images.to(memory_format=torch.channels_last)
        warm = min(1.0, (step + 1) / options.warm_up)
        rate = options.rate * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * step / total)))
        for group in optimizer.param_groups:
            group["lr"] = rate
        model.train()
        loss, parts = steps[size](images, labels, pool)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        optimizer.step()
        step += 1
        share = 1 - options.average * (1 - math.exp(-step / 2000))
        with torch.no_grad():
            torch._foreach_lerp_(averages, latest, share)
        losses_seen.append(loss)
        for name, value in parts.items():
            sums[name] = sums.get(name, 0) + value
        if step % 200 == 0 or step == total:
            means = {name: float(value) / (step % 200 or 200) for name, value in sums.items()}
            sums = {}
            print(f"{time.time() - started:.0f} s, step {step}/{total}, " + ", ".join(
                f"{name} {value:.3f}" for name, value in means.items()), flush=True)
            if not all(math.isfinite(value) for value in means.values()):
                raise SystemExit("a loss is no number")
        if step % options.validate_every == 0 or step == total:
            trained = {name: value.clone() for name, value in model.state_dict().items()}
            model.load_state_dict(average)
            result = validate(model, validation, options.size, device, amp)
            model.network.save(os.path.join(options.out, "model.onnx"),
                               {name.removeprefix("network."): value for name, value in average.items()})
            model.load_state_dict(trained)
            mean_loss = float(torch.stack(losses_seen).mean())
            losses_seen = []
            log.writerow([step, f"{step / an_epoch:.2f}", f"{time.time() - started:.0f}", f"{mean_loss:.4f}",
                          *(f"{v:.4f}" for v in result)])
            print("AP50", " ".join(f"{100 * v:.1f}" for v in result), "mean", f"{100 * np.nanmean(result):.1f}",
                  flush=True)
            torch.save({"model": trained, "optimizer": optimizer.state_dict(), "average": average, "step": step,
                        "total": total, "random": augmenter.random.get_state()}, state_path)
    print(json.dumps({"steps": step, "epochs": step / an_epoch, "seconds": time.time() - started, "seed": options.seed}))


if __name__ == "__main__":
    main()
