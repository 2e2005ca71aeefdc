#!/usr/bin/env python3
"""Makes Tests/EvaluationTests/Goldens/classifiers.json: labels and scores of several kinds, and the figures of
scikit-learn for them. Needs scikit-learn (1.9) and NumPy."""
import json
import pathlib

import numpy as np
from sklearn.metrics import (average_precision_score, confusion_matrix, f1_score, precision_recall_curve, roc_auc_score,
                             roc_curve)

GOLDENS = pathlib.Path(__file__).parent.parent / "EvaluationTests" / "Goldens"


def cases():
    random = np.random.default_rng(7)

    def made(rows, share, shift, decimals):
        labels = (random.random(rows) < share).astype(int)
        labels[:2] = 0, 1
        return labels, np.round(random.normal(size=rows) + shift * labels, decimals)
    yield "plain", *made(200, 0.4, 1.2, 6)
    yield "ties", *made(200, 0.3, 1.0, 0)
    yield "rare", *made(300, 0.03, 1.5, 3)
    yield "common", *made(150, 0.9, 0.5, 1)
    yield "backward", *made(100, 0.5, -2.0, 4)
    yield "constant", np.array([0, 1, 1, 0, 0]), np.full(5, 0.25)
    yield "two", np.array([1, 0]), np.array([0.1, 0.9])
    yield "perfect", np.array([0, 0, 1, 1]), np.array([-5.0, 1e-300, 2e-300, 1e300])
    yield "near", np.array([1, 0, 1, 0, 1]), np.array([0.5, 0.5 + 2.0 ** -53, 0.5 - 2.0 ** -54, 0.0, -0.0])


def figures(labels, scores):
    precision, recall, thresholds = precision_recall_curve(labels, scores)
    false_rate, true_rate, cuts = roc_curve(labels, scores, drop_intermediate=False)
    costs = {}
    for false_positive, false_negative in ((1, 1), (1, 20), (5, 1)):
        # To take nothing is one of the choices, and of equal ones the highest threshold is wanted.
        choices = []
        for cut in cuts:
            tn, fp, fn, tp = confusion_matrix(labels, scores >= cut).ravel()
            choices.append(false_positive * fp + false_negative * fn)
        best = int(np.argmin(choices))
        tn, fp, fn, tp = (int(count) for count in confusion_matrix(labels, scores >= cuts[best]).ravel())
        costs[f"{false_positive}:{false_negative}"] = [tp, fp, fn, tn]
    return {
        "labels": labels.tolist(), "scores": scores.tolist(),
        "ap": float(average_precision_score(labels, scores)), "auc": float(roc_auc_score(labels, scores)),
        # By falling threshold, without the point that scikit-learn adds.
        "thresholds": thresholds[::-1].tolist(), "precision": precision[-2::-1].tolist(),
        "recall": recall[-2::-1].tolist(), "false_positive_rate": false_rate[1:].tolist(),
        "best_f1": float(max(f1_score(labels, scores >= cut) for cut in thresholds)),
        "precision_at_recall": [float(precision[:-1][recall[:-1] >= wanted].max()) for wanted in (0.5, 0.8, 0.9, 0.95)],
        "costs": costs,
    }


def rest():
    """Four classes, each against the rest."""
    random = np.random.default_rng(8)
    names = ["bird", "cat", "dog", "fish"]
    labels = random.choice(4, size=120, p=[0.05, 0.5, 0.3, 0.15])
    scores = np.round(random.normal(size=(120, 4)) + 1.3 * np.eye(4)[labels], 2)
    truth = np.eye(4, dtype=int)[labels]
    return {
        "names": names, "labels": [names[label] for label in labels], "scores": scores.tolist(),
        "ap": average_precision_score(truth, scores, average=None).tolist(),
        "auc": roc_auc_score(truth, scores, average=None).tolist(),
        "mean_ap": float(average_precision_score(truth, scores, average="macro")),
        "mean_auc": float(roc_auc_score(truth, scores, average="macro")),
    }


def main():
    found = {name: figures(labels, scores) for name, labels, scores in cases()}
    body = ",\n".join(f"{json.dumps(name)}: " + json.dumps(entry, separators=(",", ":")) for name, entry in found.items())
    (GOLDENS / "classifiers.json").write_text("{" + body + "}\n", encoding="utf-8")
    (GOLDENS / "rest.json").write_text(json.dumps(rest(), separators=(",", ":")) + "\n", encoding="utf-8")
    for name, entry in found.items():
        print(f"{name:10s} AP {entry['ap']:.4f} AUC {entry['auc']:.4f} best F1 {entry['best_f1']:.4f}")


if __name__ == "__main__":
    main()
