"""What the critic thinks of garments that are known: the scale on which its opinion is told."""

import numpy as np
import torch

from model.discriminator import Discriminator
from model.generator import Generator
from model.latents import map_seeds, render
from model.opinion import Heaps, quantiles
from model.pixels import to_img
from model.studio import DEFAULT_DARING
from training.data import ImageSet

MADE_GARMENTS = 500
"""Of each class and daring: as many as are held out."""

FIRST_SEED = 3_000_000
"""Seeds of no drawing that is judged, and that no direction is measured on."""

_BATCH = 50


def measure_opinions(
    generator: Generator, critic: Discriminator, real: ImageSet, made: int = MADE_GARMENTS
) -> Heaps:
    """Quantiles of the critic's logits, class by class.

    Args:
        generator: with class means.
        critic: the discriminator of the same folder.
        real: garments that it did not learn from, of the same classes.
        made: garments to make of each class, at daring 1 and at the pages' own.
    """
    heaps: dict[str, list[np.ndarray]] = {"real": [], "made": [], "shown": []}
    for label in range(max(generator.config.num_classes, 1)):
        of_class = real.pixels[real.labels == label].numpy()
        heaps["real"].append(quantiles(_judge(critic, of_class, label)))
        seeds = list(range(FIRST_SEED, FIRST_SEED + made))
        for name, daring in (("made", 1.0), ("shown", DEFAULT_DARING)):
            w = map_seeds(generator, [label] * made, seeds, daring)
            heaps[name].append(quantiles(_judge(critic, render(generator, w, _BATCH), label)))
    return Heaps(**{name: np.stack(rows) for name, rows in heaps.items()})


@torch.inference_mode()
def _judge(critic: Discriminator, pixels: np.ndarray, label: int) -> np.ndarray:
    img = to_img(torch.from_numpy(pixels))
    parts = [critic(part, torch.full((len(part),), label)) for part in torch.split(img, _BATCH)]
    logits: np.ndarray = torch.cat(parts).numpy()
    return logits
