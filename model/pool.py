"""What a model can draw, as a crowd: garments of every class, and which of them agree with a picture.

A few garments of each class and their pictures tell how w and pixels vary together. From that, and
without a single step of descent, follow how likely each class is when only some pixels are known, and
what in w would bring a garment nearer to them: the update of an ensemble Kalman filter
(arXiv 1209.2736), of which the descent through the generator only has to mend the rest.
"""

import threading
import weakref
from typing import NamedTuple

import numpy as np
import torch

from model.batches import BatchRenderer
from model.generator import Generator
from model.latents import draw_z

_GARMENTS = 1_000
_FEWEST, _MOST = 40, 200
"""Garments of all classes together, and the bounds of those of one class."""

_NOISE = 0.25
"""Standard deviation of what no garment of the crowd explains of a pixel, on the scale of -1 to 1."""

_pools: "weakref.WeakKeyDictionary[Generator, Pool]" = weakref.WeakKeyDictionary()
_turn = threading.Lock()


class Fit(NamedTuple):
    """The crowd of one class against the known pixels of a picture.

    Attributes:
        evidence: logarithm of how likely the class makes these pixels, up to a constant.
        gain: [members, known]; maps what is known less what a garment shows there to how much of
            each member's difference from the mean is to be added to that garment.
    """

    evidence: float
    gain: np.ndarray


class Pool:
    """Garments of each class from fixed seeds: `w` [classes, M, w_dim], `img` [classes, M, HWC]."""

    def __init__(self, generator: Generator) -> None:
        config = generator.config
        classes = max(config.num_classes, 1)
        members = min(max(_GARMENTS // classes, _FEWEST), _MOST)
        z = draw_z(range(members), config.z_dim).to(generator.device)
        with torch.inference_mode():
            labels = (torch.full((members,), c, device=z.device) for c in range(classes))
            w = torch.cat([generator.mapping(z, c) for c in labels]).cpu()
        pixels = BatchRenderer(generator).render(w.to(generator.device))
        self.w = w.numpy().reshape(classes, members, -1)
        self.img = (pixels.astype(np.float32) / 127.5 - 1).reshape(classes, members, -1)
        self.w_apart = self.w - self.w.mean(1, keepdims=True)
        self.img_apart = self.img - self.img.mean(1, keepdims=True)

    def fit(self, label: int, img: np.ndarray, known: np.ndarray) -> Fit:
        """How a class accounts for what is known of a picture.

        Args:
            label: the class.
            img: float32 [HWC] in [-1, 1]; only where `known` is looked at.
            known: bool [HWC].
        """
        apart = self.img_apart[label][:, known]
        members = len(apart)
        rest = img[known] - self.img[label][:, known].mean(0)
        # In the space of the members, which are fewer than the pixels.
        inner = apart @ apart.T / (members - 1) + _NOISE**2 * np.eye(members, dtype=np.float32)
        within = apart @ rest
        solved = np.linalg.solve(inner, np.column_stack((within, apart)))
        unexplained = float(rest @ rest - within @ solved[:, 0] / (members - 1)) / _NOISE**2
        _, volume = np.linalg.slogdet(inner)
        return Fit(-(unexplained + float(volume)) / 2, solved[:, 1:] / (members - 1))


def pool_of(generator: Generator) -> Pool:
    """The crowd of a generator, drawn when it is asked for first: about a second on two cores."""
    with _turn:
        if generator not in _pools:
            _pools[generator] = Pool(generator)
        return _pools[generator]
