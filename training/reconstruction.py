"""How close inversion comes to real garments, and whether what it finds can be edited as others can.

Three stages are judged: what the encoder says alone, one w for all layers, and a w for each layer.
No stage is told the class. The floor of a distance is what the nearest training garment reaches;
that of the agreement is the classifier on the real pictures themselves.
"""

import dataclasses
import datetime as dt
import time
from collections.abc import Callable

import numpy as np
import torch
from torchmetrics.functional.image import structural_similarity_index_measure
from tqdm import tqdm

from model.classifier import Classifier, load_classifier, predict_labels
from model.discriminator import Discriminator
from model.encoder import Encoder
from model.generator import Generator
from model.inversion import Descent, refine
from model.inverter import Inverter
from model.latents import broadcast, render
from model.perception import features_apart, match_error, unit_vectors
from model.pixels import to_img
from training.data import ImageSet
from training.editability import EDITED_A_CLASS, measure_editability
from training.hardware import describe_machine
from training.protocol import Figure

GARMENTS, QUICK_GARMENTS = 1_000, 200
STAGES = ("encoder", "w", "layers")
_BATCH = 50
_TIMED = 5


@dataclasses.dataclass(frozen=True, eq=False)
class Reconstructed:
    """Real garments and what became of them: ws [N, L, w_dim] and pixels by stage."""

    pixels: np.ndarray
    labels: np.ndarray
    ws: dict[str, torch.Tensor]
    drawn: dict[str, np.ndarray]


def pick_garments(data: ImageSet, count: int) -> ImageSet:
    """The first garments of each class, as many of each, the classes in turn."""
    classes, known = len(data.class_names), data.labels.numpy()
    places = [np.flatnonzero(known == label)[: count // classes] for label in range(classes)]
    picked = np.stack(places, axis=1).ravel()
    return ImageSet(data.pixels[picked], data.labels[picked], data.class_names)


def reconstruct(inverter: Inverter, data: ImageSet) -> Reconstructed:
    """Every garment of `data` by all three stages, without being told its class."""
    generator = inverter.generator
    found: dict[str, list[torch.Tensor]] = {stage: [] for stage in STAGES}
    pixels = data.pixels.numpy()
    for start in tqdm(range(0, len(pixels), _BATCH), desc="reconstruction", disable=None):
        part = pixels[start : start + _BATCH]
        begun = [inverter.encode(picture) for picture in part]
        w = torch.stack([w for _, w, _ in begun])
        found["encoder"].append(broadcast(generator, w))
        labels = [label for label, _, _ in begun]
        steps = list(
            refine(
                generator, found["encoder"][-1], to_img(torch.from_numpy(part)),
                labels=labels, descent=inverter.descent, critic=inverter.critic,
                metric=inverter.metric,
            )
        )  # fmt: skip
        found["w"].append(steps[inverter.descent.steps - 1].ws)
        found["layers"].append(steps[-1].ws)
    ws = {stage: torch.cat(parts) for stage, parts in found.items()}
    drawn = {stage: render(generator, given, _BATCH) for stage, given in ws.items()}
    return Reconstructed(pixels, data.labels.numpy(), ws, drawn)


def measure_reconstruction(
    generator: Generator,
    encoder: Encoder,
    train: ImageSet,
    test: ImageSet,
    command: str,
    critic: Discriminator | None = None,
) -> dict[str, Figure]:
    """All figures of reconstruction and editability, each with what is needed to repeat it."""
    classifier = load_classifier()
    inverter = Inverter(generator, encoder, critic=critic)
    found = reconstruct(inverter, test)
    nearest = _nearest(found.pixels, train)
    figures: dict[str, Figure] = {}
    for name, measure in _measures(classifier).items():
        floor = float(measure(nearest, found.pixels).mean())
        for stage in STAGES:
            values = measure(found.drawn[stage], found.pixels)
            figures[f"{name}_{stage}"] = {**_mean(values), "floor": floor}
    real = predict_labels(classifier, found.pixels) == found.labels
    for stage in STAGES:
        told = predict_labels(classifier, found.drawn[stage]) == found.labels
        figures[f"agreement_{stage}"] = {**_mean(told), "floor": float(real.mean())}
    for stage, seconds in _seconds(inverter, found.pixels).items():
        figures[f"seconds_{stage}"] = {"value": seconds, "samples": _TIMED}
    edited = EDITED_A_CLASS * len(test.class_names)
    for stage in STAGES[1:]:
        figures |= measure_editability(
            generator, classifier, found.ws[stage][:edited], found.labels[:edited], stage
        )
    shared = {
        "against": "test",
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "machine": describe_machine(),
        "command": command,
    }
    return {
        name: {
            "samples": len(test),
            **figure,
            "features": "fashion-mnist-classifier" if _in_c(name) else "none",
            **shared,
        }
        for name, figure in figures.items()
    }


def estimate_minutes(generator: Generator, encoder: Encoder, count: int) -> float:
    """About how long `measure_reconstruction` takes, from a few steps."""
    size, channels = generator.config.image_size, generator.config.image_channels
    target = torch.zeros(_BATCH, channels, size, size)
    start = torch.zeros(_BATCH, generator.config.num_layers, generator.config.w_dim)
    begun = time.perf_counter()
    list(
        refine(
            generator, start, target, labels=[0] * _BATCH,
            descent=Descent(steps=3, layer_steps=0), metric=encoder.metric,
        )
    )  # fmt: skip
    step = (time.perf_counter() - begun) / 3 / _BATCH
    return count * step * (Inverter(generator, encoder).steps + 20) / 60


def _measures(
    classifier: Classifier,
) -> dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]]:
    """Distances of pixels [N, H, W, C] to pixels, [N]."""

    def img(pixels: np.ndarray) -> torch.Tensor:
        return to_img(torch.from_numpy(pixels))

    def error(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return match_error(img(a), img(b)).numpy()

    def psnr(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        decibels: np.ndarray = -20 * np.log10(np.maximum(error(a, b), 1e-6))
        return decibels

    def ssim(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        values = structural_similarity_index_measure(
            img(a), img(b), data_range=2.0, reduction="none"
        )
        return np.asarray(values)

    def lpips(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        parts = [
            perceptual_distance(
                classifier, img(a[start : start + 250]), img(b[start : start + 250])
            )
            for start in range(0, len(a), 250)
        ]
        return torch.cat(parts).numpy()

    return {"match_error": error, "psnr": psnr, "ssim": ssim, "lpips_c": lpips}


@torch.inference_mode()
def perceptual_distance(classifier: Classifier, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """`features_apart` in all layers of C: [N]."""
    seen: tuple[list[torch.Tensor], list[torch.Tensor]] = ([], [])
    for layer in classifier.layers:
        a, b = layer(a), layer(b)
        seen[0].append(unit_vectors(a))
        seen[1].append(unit_vectors(b))
    return features_apart(*seen)


def _nearest(pixels: np.ndarray, train: ImageSet) -> np.ndarray:
    """The training garment nearest to each picture, in pixels."""
    known = train.pixels.flatten(1).float()
    squares = known.square().sum(1)
    given = torch.from_numpy(pixels).flatten(1).float()
    places = [
        (squares - 2 * given[start : start + 100] @ known.T).argmin(1)
        for start in range(0, len(given), 100)
    ]
    nearest: np.ndarray = train.pixels[torch.cat(places)].numpy()
    return nearest


def _seconds(inverter: Inverter, pixels: np.ndarray) -> dict[str, float]:
    """Seconds for one garment alone, by stage: the median of a few, from the picture on."""
    rows = []
    for picture in pixels[:_TIMED]:
        begun = time.perf_counter()
        inverter.encode(picture)
        moments = {"encoder": time.perf_counter() - begun}
        begun = time.perf_counter()

        def note(
            number: int, _: object, begun: float = begun, to: dict[str, float] = moments
        ) -> None:
            to["w" if number < inverter.descent.steps else "layers"] = time.perf_counter() - begun

        inverter.invert(picture, on_step=note)
        rows.append(moments)
    return {stage: float(np.median([row[stage] for row in rows])) for stage in STAGES}


def _mean(values: np.ndarray) -> Figure:
    """Mean and its standard error; with the quantiles at 10, 50 and 90 % where they say more."""
    figure: Figure = {
        "value": float(values.mean()),
        "error": float(values.std() / len(values) ** 0.5),
    }
    if values.dtype != bool:
        figure["quantiles"] = np.quantile(values, (0.1, 0.5, 0.9)).tolist()
    return figure


def _in_c(name: str) -> bool:
    return name.startswith(("lpips", "agreement", "edit_class"))
