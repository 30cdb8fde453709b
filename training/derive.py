"""python -m training.derive FOLDER...: class means, directions and the critic's scale of a model.

The same folder gives the same file, byte for byte, on one machine. The card is written anew.
"""

import argparse
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import torch

from model.classifier import load_classifier
from model.directions import Directions, NamedDirection, save_directions
from model.generator import Generator
from model.history import HISTORY_FOLDER
from model.layers import EPSILON, StyleNorm
from model.opinion import load_heaps, save_heaps
from model.storage import ModelFolderError
from model.weights import (
    CONFIG_FILE,
    DISCRIMINATOR_FILE,
    OPINION_FILE,
    generator_sha256,
    load_discriminator,
    load_generator,
)
from training.card import write_card
from training.data import DataError, batch_noise, load_fashion_mnist
from training.discover import FIT_GARMENTS, Verdict, discover, measurable
from training.hardware import keep_freed_memory
from training.opinions import measure_opinions
from training.slopes import draw_w

MEAN_SAMPLES = 20_000
COMPONENTS = 8
_MEAN_STREAM, _COMPONENT_STREAM = 11, 12


@torch.inference_mode()
def class_means(generator: Generator, samples: int = MEAN_SAMPLES) -> torch.Tensor:
    """Mean w of each class [C, w_dim] over the same z; one row when unconditional."""
    noise = batch_noise(0, 0, (samples, generator.config.z_dim), _MEAN_STREAM)
    z = torch.from_numpy(noise)
    rows = [
        generator.mapping(z, torch.full((samples,), label)).double().mean(0)
        for label in range(max(generator.config.num_classes, 1))
    ]
    return torch.stack(rows).float()


def find_components(
    generator: Generator, means: torch.Tensor, count: int = COMPONENTS, samples: int = FIT_GARMENTS
) -> torch.Tensor:
    """Unnamed directions [K, w_dim], those that change the picture's layers most first.

    SeFa (arXiv 2007.06600): eigenvectors of the style weights, here of all layers with the base,
    each divided by the size of what it acts on. Taken where w is whitened, so that one unit is one
    standard deviation of w. Measured at 100,000 images: moves as much as PCA of w in the first two
    components and twice as much in the third, while plain SeFa puts weak directions first.
    """
    w, labels = draw_w(generator, samples, _COMPONENT_STREAM)
    w = (w - means[torch.from_numpy(labels)]).double()
    spreads, axes = torch.linalg.eigh(w.T @ w / len(w))
    root = axes @ torch.diag(spreads.clamp_min(0).sqrt()) @ axes.T
    weights = _style_weights(generator) @ root
    _, ways = torch.linalg.eigh(weights.T @ weights)
    strongest = ways.flip(1)[:, :count].T  # [K, w_dim]
    # The sign of an eigenvector is an accident of the library.
    signs = strongest.gather(1, strongest.abs().argmax(1, keepdim=True)).sign()
    components: torch.Tensor = (signs * strongest @ root).float()
    return components


def _style_weights(generator: Generator) -> torch.Tensor:
    """Rows that map w to normalised activations, each layer as heavy as every other."""
    synthesis = generator.synthesis
    norms = [module for module in synthesis.modules() if isinstance(module, StyleNorm)]
    gain = torch.rsqrt(norms[0].var.double() + EPSILON)  # the first acts on the base
    base = synthesis.base.weight.double()
    base = base * gain.repeat_interleave(generator.config.base_size**2)[:, None]
    rows = [base / len(base) ** 0.5]
    for norm in norms:
        weight = norm.affine.weight.double()  # scales, then shifts
        rows.append(weight / (len(weight) / 2) ** 0.5)
    return torch.cat(rows)


def derive(folder: Path) -> tuple[Directions, list[Verdict]]:
    """Everything that is derived from the generator of a model folder, and how it was found.

    Only garments of Fashion-MNIST get named directions: their classes say what can be measured,
    and a classifier says whether the class is kept.
    """
    generator = load_generator(folder, derived=False)  # there may be another generator's
    means = class_means(generator)
    verdicts: list[Verdict] = []
    if measurable(generator.config):
        verdicts = list(discover(generator, means, load_classifier()))
    directions = Directions(
        class_means=means,
        named=tuple(v.direction for v in verdicts if v.direction and not v.reason),
        components=find_components(generator, means),
        generator_sha256=generator_sha256(folder),
    )
    return directions, verdicts


def derive_opinions(folder: Path) -> str:
    """Write the scale of the critic's opinions, where it can be measured; says what was done.

    It needs the critic, the class means and real garments of the same classes.
    """
    if not (folder / DISCRIMINATOR_FILE).is_file():
        return _keep_opinions(folder, f"the folder has no {DISCRIMINATOR_FILE}")
    generator = load_generator(folder)
    if not measurable(generator.config):
        return _keep_opinions(folder, "they are measured on garments of Fashion-MNIST only")
    try:
        real = load_fashion_mnist("heldout")
    except DataError as error:
        return _keep_opinions(folder, str(error))
    save_heaps(folder, measure_opinions(generator, load_discriminator(folder), real))
    return f"opinions: {len(real):,} real garments and as many made ones, at two darings"


def _keep_opinions(folder: Path, why: str) -> str:
    """What to say where none can be measured: the folder's own stay, another model's go."""
    try:
        load_heaps(folder)
    except ModelFolderError:
        (folder / OPINION_FILE).unlink(missing_ok=True)
        return f"no opinions: {why}"
    return f"opinions as they were: {why}"


def derive_history(folder: Path) -> int:
    """Class means for each moment of the training that the folder keeps; returns how many."""
    moments = sorted((folder / HISTORY_FOLDER).glob(f"*/{CONFIG_FILE}"))
    for moment in (config.parent for config in moments):
        generator = load_generator(moment, derived=False)
        none = torch.zeros(0, generator.config.w_dim)
        directions = Directions(
            class_means=class_means(generator),
            named=(),
            components=none,
            generator_sha256=generator_sha256(moment),
        )
        save_directions(moment, directions)
    return len(moments)


def format_table(verdicts: list[Verdict]) -> str:
    """Survivors first, each with its figures, then what was dropped and why."""
    if not verdicts:
        return "no named directions: they are measured on garments of Fashion-MNIST only"
    head = f"{'direction':11} {'effect of one unit':>20} {'r':>5} {'class':>6} {'range':>10} layers"
    lines = [f"{head}  largest side effect (SD)"]
    lines += [
        f"{_format_row(v.direction)}  {v.side_effect}"
        for v in verdicts
        if v.direction and not v.reason
    ]
    lines += [f"{v.name:11} dropped: {v.reason}" for v in verdicts if v.reason]
    return "\n".join(lines)


def _format_row(direction: NamedDirection) -> str:
    effect = f"{direction.effect:+.1f} {direction.unit}"
    limits = f"{direction.low:g}..{direction.high:g}"
    layers = f"{direction.layers[0]}..{direction.layers[1] - 1}"
    return (
        f"{direction.name:11} {effect:>20} {direction.correlation:5.2f} "
        f"{direction.class_kept:6.2f} {limits:>10} {layers:>6}"
    )


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Sums in one order: the number of threads would change the last digits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    keep_freed_memory()
    parser = argparse.ArgumentParser(prog="python -m training.derive", description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    options = parser.parse_args(arguments)
    try:
        for folder in options.folders:
            with _one_thread():
                directions, verdicts = derive(folder)
                save_directions(folder, directions)
                opinions = derive_opinions(folder)
                moments = derive_history(folder)
            write_card(folder)
            print(folder)
            print(format_table(verdicts))
            print(opinions)
            print(f"history: class means of {moments} moments")
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
