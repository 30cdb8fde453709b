"""What is asked of a model folder beside drawing: real garments drawn again, and filled in."""

from pathlib import Path
from types import ModuleType

from model.encoder import Encoder, load_encoder
from model.weights import add_metrics, find_discriminator, generator_sha256
from training import completeness, reconstruction
from training.card import refresh_card
from training.data import load_fashion_mnist
from training.subjects import Subject

PARTS = ("reconstruction", "completion", "drawing")
"""In the order in which they are measured; the last one is `training.judge`'s."""


def find_encoder(subject: Subject) -> Encoder | None:
    """The encoder of a model folder, if it has one of its present generator."""
    if subject.generator is None:
        return None
    return load_encoder(subject.folder, generator_sha256(subject.folder))


def about(minutes: float) -> str:
    """A time in words."""
    return f"about {max(minutes, 1):.0f} minutes"


def announce_parts(subjects: list[Subject], parts: tuple[str, ...], quick: bool) -> float:
    """Say what is done with real garments and how long it will take; returns the minutes."""
    total = 0.0
    for subject in subjects:
        if subject.generator is None:
            continue
        encoder = find_encoder(subject) if "reconstruction" in parts else None
        if "reconstruction" in parts and encoder is None:
            print(f"{subject.folder}: no encoder, so no reconstruction")
        elif encoder is not None:
            count = _garments(reconstruction, quick)
            minutes = reconstruction.estimate_minutes(subject.generator, encoder, count)
            print(f"{subject.folder}: {count:,} test garments drawn again, {about(minutes)}")
            total += minutes
            _tell_left_out(reconstruction.GARMENTS - count)
        if "completion" in parts:
            count = _garments(completeness, quick)
            minutes = completeness.estimate_minutes(count)
            print(f"{subject.folder}: {count:,} test garments filled in, {about(minutes)}")
            total += minutes
            _tell_left_out(completeness.GARMENTS - count)
    return total


def _garments(part: ModuleType, quick: bool) -> int:
    """How many test garments a part takes."""
    count: int = part.QUICK_GARMENTS if quick else part.GARMENTS
    return count


def _tell_left_out(count: int) -> None:
    if count:
        print(f"left out: {count:,} more test garments")


def evaluate_inversion(subjects: list[Subject], quick: bool, command: str) -> None:
    """Figures of reconstruction and editability, of the folders that have an encoder."""
    for subject in subjects:
        encoder = find_encoder(subject)
        if subject.generator is None or encoder is None:
            continue
        count = _garments(reconstruction, quick)
        figures = reconstruction.measure_reconstruction(
            subject.generator,
            encoder,
            load_fashion_mnist("train"),
            reconstruction.pick_garments(load_fashion_mnist("test"), count),
            command,
            find_discriminator(subject.folder),
        )
        add_metrics(subject.folder, {part_key("reconstruction", quick): figures})
        refresh_card(subject.folder)
        for name, figure in figures.items():
            floor = f"  floor {figure['floor']:.4g}" if "floor" in figure else ""
            print(f"{name:24} {figure['value']:8.4g}{floor}")


def evaluate_completion(
    subjects: list[Subject], quick: bool, cache_dir: Path, command: str
) -> None:
    """Figures of filling in what is hidden, of the model folders."""
    for subject in subjects:
        if subject.generator is None:
            continue
        count = _garments(completeness, quick)
        figures = completeness.measure_completion(
            subject.generator,
            load_fashion_mnist("train"),
            load_fashion_mnist("test"),
            count,
            cache_dir,
            command,
            find_encoder(subject),
        )
        add_metrics(subject.folder, {part_key("completion", quick): figures})
        refresh_card(subject.folder)
        for mask, methods in figures["masks"].items():
            for method, found in methods.items():
                told = "  ".join(f"{name} {value:.4g}" for name, value in found.items())
                print(f"{mask}, {method}: {told}")


def part_key(part: str, quick: bool) -> str:
    """Where a part's figures stand in `metrics.json`: of few garments never in the place of many."""
    return f"{part}_quick" if quick else part
