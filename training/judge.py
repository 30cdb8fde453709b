"""Everything that a protocol measures of one folder, and how long that will take."""

import datetime as dt
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from model.generator import Generator
from training.cas import CasConfig, CasScore, cached_cas, cas_score
from training.coherence import measure_coherence
from training.cost import measure_cost
from training.data import ImageSet, fixed_order, load_fashion_mnist
from training.features import extract_features
from training.hardware import describe_machine
from training.ppl import EPSILON, measure_path_lengths
from training.protocol import Figure, Protocol
from training.reference import Reference, judge_distances, mean_figures
from training.subjects import Sampled, Subject, draw

PATH_SEEDS = 3_000_000
STYLE_SEEDS = 2_000_000
"""First seeds of the ends of ways and of the styles: garments that no drawing holds."""

_IN_C = {"r_c", "fd_c_by_class", "label_agreement"}
_OF_PIXELS = {"cas_gap", "cas_accuracy", "style_coherence", "parameters", "mmac"}
_STATISTICS_SECONDS = 90.0
"""Distances and neighbours of one drawing, on one slow core."""


def judge(
    subject: Subject, reference: Reference, protocol: Protocol, first_seed: int, command: str
) -> dict[str, Figure]:
    """All figures of a folder, each with what is needed to repeat it.

    Args:
        subject: a model folder, or a folder of pictures; that one is drawn once.
        reference: with as many garments as the protocol says.
        protocol: how many of what.
        first_seed: of the first drawing; the others follow on.
        command: by which the figures can be had again.

    Raises:
        ValueError: too few pictures, or pictures of another kind.
    """
    title = str(subject.folder)
    count = max(protocol.samples, protocol.cas_samples)
    times = protocol.sampling_seeds if subject.generator else 1
    distances, drawings = [], []
    for number in range(times):
        sampled = subject.draw(count, first_seed + number * count)
        few = Sampled(sampled.pixels[: protocol.samples], sampled.labels[: protocol.samples])
        distances.append(judge_distances(reference.featured(few, title), reference))
        drawings.append(sampled)
    figures = mean_figures(distances)
    seeds = [first_seed, first_seed + times * count - 1]
    about: dict[str, dict[str, Any]] = {
        name: {"samples": figure.pop("samples", protocol.samples), "seeds": seeds}
        for name, figure in figures.items()
    }
    if protocol.cas_seeds:
        scores = _judge_cas(drawings, protocol, reference)
        figures |= scores
        about |= {name: {"samples": protocol.cas_samples, "seeds": seeds} for name in scores}
    if subject.generator:
        for name, figure, source in _judge_generator(subject.generator, protocol):
            figures[name], about[name] = figure, source
    shared = {
        "against": reference.name,
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "machine": describe_machine(),
        "command": command,
    }
    return {
        name: {
            **_rounded(figure),
            **about[name],
            "features": _features_of(name, reference),
            **shared,
        }
        for name, figure in figures.items()
    }


def _features_of(name: str, reference: Reference) -> str:
    if name in _OF_PIXELS or name.startswith("ms_"):
        return "none"
    letter = "c" if name in _IN_C else "i" if name == "fid" else "e"
    return reference.spaces[letter].name


def _judge_cas(
    drawings: list[Sampled], protocol: Protocol, reference: Reference
) -> dict[str, Figure]:
    """Accuracy of classifiers that learnt from generated and from as many real garments."""
    test, train = load_fashion_mnist(protocol.against), load_fashion_mnist("train")
    cache_dir = reference.cache_dir
    count = protocol.cas_samples
    picked = fixed_order(len(train))[:count]
    real_pixels, real_labels = train.pixels.numpy()[picked], train.labels.numpy()[picked]
    made, real = [], []
    for seed in range(protocol.cas_seeds):
        sampled, title = drawings[seed % len(drawings)], f"classifier {seed}, "
        made.append(
            cached_cas(  # kept, so that what is interrupted does not begin anew
                sampled.pixels[:count],
                sampled.labels[:count],
                test,
                seed,
                title=title + "generated",
                cache_dir=cache_dir,
            )
        )
        floor = cached_cas(
            real_pixels, real_labels, test, seed, title=title + "real", cache_dir=cache_dir
        )
        real.append(floor)
    return _cas_figures(made, real, test)


def _cas_figures(made: list[CasScore], real: list[CasScore], test: ImageSet) -> dict[str, Figure]:
    sides = [np.array([score.accuracy for score in scores]) for scores in (made, real)]
    classes = [
        dict(zip(test.class_names, np.mean([s.by_class for s in scores], axis=0), strict=True))
        for scores in (made, real)
    ]
    # Of the test garments, and where there are several, of classifiers and drawings.
    errors = [(side.mean() * (1 - side.mean()) / len(test)) ** 0.5 for side in sides]
    if len(made) > 1:
        between = [side.std(ddof=1) / len(side) ** 0.5 for side in sides]
        errors = [np.hypot(*pair) for pair in zip(errors, between, strict=True)]
    own, floor = (float(side.mean()) for side in sides)
    return {
        "cas_gap": {
            "value": 100 * (floor - own),
            "error": 100 * float(np.hypot(errors[0], errors[1])),
            "floor": 0.0,
            "unit": "points",
        },
        "cas_accuracy": {
            "value": own,
            "error": float(errors[0]),
            "floor": floor,
            "by_class": classes[0],
            "by_class_floor": classes[1],
        },
    }


def _judge_generator(
    generator: Generator, protocol: Protocol
) -> list[tuple[str, Figure, dict[str, Any]]]:
    """What needs the network itself: style, path lengths, cost; each with samples and seeds."""
    config, count = generator.config, protocol.style_seeds
    found: list[tuple[str, Figure, dict[str, Any]]] = []
    if config.num_classes > 1:
        labels = np.tile(np.arange(config.num_classes), count)
        seeds = np.repeat(np.arange(STYLE_SEEDS, STYLE_SEEDS + count), config.num_classes)
        pixels = draw(generator, labels, seeds.tolist(), "styles")
        style = measure_coherence(pixels.reshape(count, config.num_classes, *pixels.shape[1:]))
        figure = {
            "value": style.value, "error": style.error, "floor": style.floor,
            "brightness": style.brightness, "texture": style.texture,
        }  # fmt: skip
        source = {"samples": len(labels), "seeds": [STYLE_SEEDS, STYLE_SEEDS + count - 1]}
        found.append(("style_coherence", figure, source))
    if pairs := protocol.path_pairs:
        ways = measure_path_lengths(generator, pairs, PATH_SEEDS)
        source = {"samples": pairs, "seeds": [PATH_SEEDS, PATH_SEEDS + 2 * pairs - 1]}
        lengths = {"ppl_w": ways.w, "ppl_z": ways.z, "ppl_ratio": ways.ratio}
        found += [
            (name, {"value": value, "error": error, "epsilon": EPSILON}, source)
            for (name, value), error in zip(lengths.items(), ways.errors, strict=True)
        ]
        found += [
            (name, {"value": value}, {"samples": 1, "seeds": []})
            for name, value in measure_cost(generator).items()
        ]
    return found


def _rounded(figure: Figure) -> Figure:
    """Numbers with five digits; whole ones, such as parameters, as they are."""
    return {
        key: _rounded(value)
        if isinstance(value, dict)
        else [_round(v) for v in value]
        if isinstance(value, list)
        else _round(value)
        for key, value in figure.items()
    }


def _round(value: Any) -> Any:
    if isinstance(value, str):
        return value
    return (
        int(value) if float(value).is_integer() and abs(value) > 99_999 else float(f"{value:.5g}")
    )


def estimate_minutes(subject: Subject, protocol: Protocol) -> tuple[float, float]:
    """Minutes for this folder, and for the real garments if nothing of them is kept yet.

    From a hundred pictures, and a tenth of an epoch on them; compiled, CAS is faster.
    """
    some = load_fashion_mnist("heldout")
    picture = _seconds(lambda: extract_features(some.pixels.numpy()[:100], "trying")) / 100
    sample = 0.0
    if subject.generator:
        sample = _seconds(lambda: subject.draw(100, 0)) / 100
    pixels, labels = some.pixels.numpy()[:1280], some.labels.numpy()[:1280]
    few = ImageSet(some.pixels[:10], some.labels[:10], some.class_names)
    row = 0.0
    if protocol.cas_seeds:
        once = CasConfig(epochs=1)
        cas_score(pixels[:128], labels[:128], few, 0, once, "trying")  # chooses the precision
        step = _seconds(lambda: cas_score(pixels, labels, few, 0, once, "trying")) / once.steps(
            1280
        )
        row = CasConfig().steps(protocol.cas_samples) * step
    times = protocol.sampling_seeds if subject.generator else 1
    count = max(protocol.samples, protocol.cas_samples)
    styles = 10 * protocol.style_seeds if subject.generator else 0
    ways = 4 * protocol.path_pairs if subject.generator else 0
    own = times * (count * sample + protocol.samples * 1.3 * picture + _STATISTICS_SECONDS)
    own += protocol.cas_seeds * row + styles * sample + ways * (sample + picture)
    real = (protocol.samples + 10_000) * 1.3 * picture + protocol.cas_seeds * row
    return own / 60, (real + _STATISTICS_SECONDS) / 60


def _seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start
