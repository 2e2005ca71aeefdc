#!/usr/bin/env python3
"""Makes Tests/TrainingTests/Goldens/optimizers.json and schedules.json with PyTorch (written with 2.15).

    pip install torch
    python3 Tests/Oracles/make_optimizer_goldens.py Tests/TrainingTests/Goldens
"""
import json
import math
import sys
import warnings

import torch

warnings.filterwarnings("ignore")
COUNT, STEPS = 13, 10


def short(value):
    return float(f"{value:.9g}")


def numbers(seed, count, scale=1.0):
    """Numbers in -scale ..< scale that float32 holds exactly (a linear congruence: no library's generator)."""
    state, result = seed, []
    for _ in range(count):
        state = (state * 1103515245 + 12345) % (1 << 31)
        result.append(((state >> 12) - (1 << 18)) / (1 << 18) * scale)
    return result


START = [0.0 if i == 4 else x for i, x in enumerate(numbers(1, COUNT))]
GRADIENTS = [[0.0 if i == 7 else g for i, g in enumerate(numbers(100 + k, COUNT, 4.0))] for k in range(STEPS)]


def optimizer_case(make, clip_norm=None, clip_value=None, l1=0.0, average=None):
    w = torch.nn.Parameter(torch.tensor(START))
    optimizer = make([w])
    model = torch.nn.Module()
    model.w = w
    averaged = average and torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(average))
    if averaged:
        averaged.update_parameters(model)  # the first call copies
    steps, norms = [], []
    for gradients in GRADIENTS:
        w.grad = torch.tensor(gradients)
        norms.append(short(torch.linalg.vector_norm(w.grad.double()).item()))
        if clip_norm is not None:
            torch.nn.utils.clip_grad_norm_([w], clip_norm)
        if clip_value is not None:
            torch.nn.utils.clip_grad_value_([w], clip_value)
        if l1:
            w.grad = w.grad + l1 * torch.sign(w.detach())
        optimizer.step()
        if averaged:
            averaged.update_parameters(model)
        steps.append([short(x) for x in (averaged.module.w if averaged else w).detach().tolist()])
    return {"norms": norms, "steps": steps}


O = torch.optim
OPTIMIZERS = {
    "sgd": optimizer_case(lambda p: O.SGD(p, lr=0.1)),
    "sgd_momentum": optimizer_case(lambda p: O.SGD(p, lr=0.1, momentum=0.9)),
    "sgd_nesterov_decay": optimizer_case(lambda p: O.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.05)),
    "rmsprop": optimizer_case(lambda p: O.RMSprop(p, lr=0.01)),
    "rmsprop_momentum": optimizer_case(lambda p: O.RMSprop(p, lr=0.01, alpha=0.9, momentum=0.8)),
    "rmsprop_centred": optimizer_case(lambda p: O.RMSprop(p, lr=0.01, centered=True)),
    "rmsprop_all": optimizer_case(
        lambda p: O.RMSprop(p, lr=0.01, alpha=0.95, eps=1e-6, momentum=0.8, centered=True, weight_decay=0.05)),
    "adam": optimizer_case(lambda p: O.Adam(p)),
    "adam_decay": optimizer_case(lambda p: O.Adam(p, lr=0.02, betas=(0.8, 0.99), eps=1e-6, weight_decay=0.05)),
    "adamw": optimizer_case(lambda p: O.AdamW(p)),
    "adamw_decay": optimizer_case(lambda p: O.AdamW(p, lr=0.02, betas=(0.8, 0.99), weight_decay=0.5)),
    "sgd_clipped_norm": optimizer_case(lambda p: O.SGD(p, lr=0.1, momentum=0.9), clip_norm=6.0),
    "adam_clipped_value": optimizer_case(lambda p: O.Adam(p, lr=0.02), clip_value=1.5),
    "sgd_l1": optimizer_case(lambda p: O.SGD(p, lr=0.1), l1=0.3),
    "sgd_average": optimizer_case(lambda p: O.SGD(p, lr=0.1), average=0.9),
}

VALUES = 50
S = torch.optim.lr_scheduler


def rates(lr, make, count=VALUES, momentum=False, metrics=None):
    w = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([w], lr=lr, momentum=0.9)
    scheduler = make(optimizer)
    result, momenta = [], []
    for step in range(count):
        result.append(short(optimizer.param_groups[0]["lr"]))
        momenta.append(short(optimizer.param_groups[0]["momentum"]))
        if step + 1 < count:
            optimizer.step()
            scheduler.step(*([metrics[step]] if metrics else []))
    return {"rates": result, **({"momenta": momenta} if momentum else {}), **({"metrics": metrics} if metrics else {})}


def warm(optimizer, steps, start, after):
    return S.SequentialLR(
        optimizer, [S.LinearLR(optimizer, start_factor=start, total_iters=steps), after], milestones=[steps])


LOSSES = [short(1 / (1 + 0.3 * min(i, 12 + i / 400)) + 0.02 * math.sin(2.1 * i) / (1 + i / 20)) for i in range(VALUES)]

SCHEDULES = {
    "step(0.1,every=7,factor=0.5)": rates(0.1, lambda o: S.StepLR(o, 7, 0.5)),
    "multistep(0.1,at=5:20:33,factor=0.2)": rates(0.1, lambda o: S.MultiStepLR(o, [5, 20, 33], 0.2)),
    "exponential(0.1,0.93)": rates(0.1, lambda o: S.ExponentialLR(o, 0.93)),
    "cosine(0.1,steps=49,floor=0.001)": rates(0.1, lambda o: S.CosineAnnealingLR(o, 49, 0.001)),
    "polynomial(0.1,steps=40,power=2)": rates(0.1, lambda o: S.PolynomialLR(o, 40, 2.0)),
    "linear(0.1,steps=40)": rates(0.1, lambda o: S.PolynomialLR(o, 40, 1.0)),
    "linear(0.1,steps=30,floor=0.02)": rates(0.1, lambda o: S.LinearLR(o, 1.0, 0.2, 30)),
    "polynomial(0.1,40,2)+warmup(10,start=0.01)": rates(
        0.1, lambda o: warm(o, 10, 0.01, S.LambdaLR(o, lambda t: (1 - min(t, 40) / 40) ** 2))),
    "cosine(0.1,40)+warmup(9,start=0.1)": rates(
        0.1, lambda o: warm(o, 9, 0.1, S.LambdaLR(o, lambda t: (1 + math.cos(math.pi * min(t, 40) / 40)) / 2))),
    "cyclical(0.01,0.1,up=6,down=9)": rates(0.01, lambda o: S.CyclicLR(o, 0.01, 0.1, 6, 9, cycle_momentum=False)),
    "cyclical(0.01,0.1,up=5,mode=triangular2)": rates(
        0.01, lambda o: S.CyclicLR(o, 0.01, 0.1, 5, mode="triangular2", cycle_momentum=False)),
    "cyclical(0.01,0.1,up=5,down=7,mode=exponential,factor=0.97)": rates(
        0.01, lambda o: S.CyclicLR(o, 0.01, 0.1, 5, 7, mode="exp_range", gamma=0.97, cycle_momentum=False)),
    "onecycle(0.1,50)": rates(0.1, lambda o: S.OneCycleLR(o, 0.1, total_steps=50, cycle_momentum=False)),
    "onecycle(0.2,50,share=0.25,divisor=10,end=100,momentum=0.8:0.97)": rates(
        0.1, lambda o: S.OneCycleLR(
            o, 0.2, total_steps=50, pct_start=0.25, div_factor=10, final_div_factor=100, base_momentum=0.8,
            max_momentum=0.97), momentum=True),
    "constant(0.1)+plateau(factor=0.5,patience=3)": rates(
        0.1, lambda o: S.ReduceLROnPlateau(o, factor=0.5, patience=3), metrics=LOSSES),
    "constant(0.1)+plateau(factor=0.3,patience=1,threshold=0.01,measure=absolute,cooldown=2,minimum=0.001)": rates(
        0.1, lambda o: S.ReduceLROnPlateau(
            o, factor=0.3, patience=1, threshold=0.01, threshold_mode="abs", cooldown=2, min_lr=0.001),
        metrics=LOSSES),
    "constant(0.1)+plateau(factor=0.5,patience=2,threshold=0.02,mode=max)": rates(
        0.1, lambda o: S.ReduceLROnPlateau(o, mode="max", factor=0.5, patience=2, threshold=0.02),
        metrics=[short(1 - x) for x in LOSSES]),
}

folder = sys.argv[1]
with open(f"{folder}/optimizers.json", "w") as file:
    content = {"start": START, "gradients": GRADIENTS, "cases": OPTIMIZERS}
    file.write(json.dumps(content, separators=(",", ":")).replace('},"', '},\n"') + "\n")
with open(f"{folder}/schedules.json", "w") as file:
    file.write(json.dumps(SCHEDULES, separators=(",", ":")).replace('},"', '},\n"') + "\n")
