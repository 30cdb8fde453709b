"""Whether garments that were found by inversion can be edited as those that are born of seeds."""

from collections.abc import Iterator

import numpy as np
import torch

from model.attributes import ATTRIBUTES
from model.classifier import Classifier, predict_labels
from model.generator import Generator
from model.latents import broadcast, map_seeds, move, render
from model.studio import DEFAULT_DARING
from training.protocol import Figure

EDITED_A_CLASS = 20
EDIT_SEEDS = 5_000_000
"""First seed of the made garments that are edited for comparison."""

_BATCH = 50


def measure_editability(
    generator: Generator, classifier: Classifier, ws: torch.Tensor, labels: np.ndarray, stage: str
) -> dict[str, Figure]:
    """How edits move garments ws [N, L, w_dim] against made ones of the same labels [N].

    Strengths are 1 each way, or as far as the direction is useful. The ratio is 1 where the measured
    attribute moves as it does in made garments; the class holds where the classifier says of the
    moved garment what it said of the same garment before.
    """
    seeds = range(EDIT_SEEDS, EDIT_SEEDS + len(labels))
    made = broadcast(generator, map_seeds(generator, labels.tolist(), seeds, DEFAULT_DARING))
    ratios, kept, kept_made = {}, {}, {}
    for name, own, other in _edits(generator, classifier, labels, ws, made):
        ratios[name], kept[name], kept_made[name] = own[0] / other[0], own[1], other[1]
    if not ratios:
        return {}
    samples = {"samples": len(labels)}
    return {
        f"edit_ratio_{stage}": {
            "value": float(np.median(list(ratios.values()))), "floor": 1.0,
            "by_direction": ratios, **samples,
        },
        f"edit_class_kept_{stage}": {
            "value": float(np.mean(list(kept.values()))),
            "floor": float(np.mean(list(kept_made.values()))),
            "by_direction": kept, "by_direction_floor": kept_made, **samples,
        },
    }  # fmt: skip


def _edits(
    generator: Generator,
    classifier: Classifier,
    labels: np.ndarray,
    ws: torch.Tensor,
    made: torch.Tensor,
) -> Iterator[tuple[str, tuple[float, float], tuple[float, float]]]:
    """By direction: mean change of its attribute and share of classes kept, of `ws` and of `made`."""
    measures = {attribute.name: attribute.measure for attribute in ATTRIBUTES}
    for direction in generator.directions.named if generator.directions else ():
        chosen = np.isin(labels, direction.labels) if direction.labels else labels >= 0
        if direction.name not in measures or not chosen.any():
            continue
        ends = (max(-1.0, direction.low), min(1.0, direction.high))
        answers = []
        for given in (ws, made):
            mine = given[torch.from_numpy(chosen)]
            before = predict_labels(classifier, render(generator, mine, _BATCH))
            values, same = [], []
            for strength in ends:
                moved = render(generator, move(generator, mine, {direction.name: strength}), _BATCH)
                values.append(measures[direction.name](moved))
                same.append(predict_labels(classifier, moved) == before)
            answers.append((float(np.nanmean(values[1] - values[0])), float(np.mean(same))))
        yield direction.name, answers[0], answers[1]
