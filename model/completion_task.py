"""What is looked for when a picture is completed: which classes, and where each completion begins."""

from typing import NamedTuple

import numpy as np
import torch

from model.batches import BatchRenderer
from model.encoder import Encoder, hide
from model.generator import Generator
from model.pixels import to_img
from model.pool import Fit, Pool, pool_of

_TEMPERATURE = 12.0
"""By what the evidence of a class is divided: neighbouring pixels repeat each other, and it adds up."""

_ANCHOR = 0.05, 1.0
"""Weight of a hidden pixel, as its start has it, against a known one: half-way, and where all shall differ most."""

_CANDIDATES = 4, 20
"""Garments that are looked at for each one that is wanted, up to half-way and where all shall differ most."""

_CLOSEST = 0.35
"""Share of their differences that completions keep where they shall differ least."""


class Task(NamedTuple):
    """What is looked for: one row for each completion.

    Attributes:
        labels: class of each row.
        start: w [N, w_dim] to begin with.
        target: the picture where it is known, elsewhere what the start shows there, [N, C, H, W].
        weight: 1 where the picture is known, elsewhere how much the start counts, [N, 1, H, W].
    """

    labels: tuple[int, ...]
    start: torch.Tensor
    target: torch.Tensor
    weight: torch.Tensor


def prepare(
    generator: Generator,
    picture: np.ndarray,
    hidden: np.ndarray,
    count: int,
    different: float,
    label: int | None,
    seed: int,
    encoder: Encoder | None = None,
) -> Task:
    """Classes and starts of the completions; arguments as of `complete`, checked."""
    pool = pool_of(generator)
    img = picture.astype(np.float32).ravel() / 127.5 - 1
    known = np.repeat(~hidden.ravel(), picture.shape[2])
    classes = range(len(pool.w)) if label is None else [label]
    fits = {c: pool.fit(c, img, known) for c in classes}
    random = np.random.RandomState(seed)
    hint = None if encoder is None else read_part(generator, encoder, picture, hidden)
    chosen = _deal({c: _chance(c, fit, hint) for c, fit in fits.items()}, count, different)
    starts, shown, labels = [], [], []
    for c, rows in chosen:
        w, fill = _starts(generator, pool, c, fits[c], img, known, rows, different, random)
        starts.append(w)
        shown.append(fill)
        labels += [c] * rows
    size, channels = generator.config.image_size, generator.config.image_channels
    target = np.where(known, img, np.concatenate(shown)).reshape(-1, size, size, channels)
    weight = np.where(hidden, np.float32(_between(_ANCHOR, different)), np.float32(1))
    device = generator.device
    return Task(
        tuple(labels),
        torch.from_numpy(np.concatenate(starts)).float().to(device),
        torch.from_numpy(target).float().permute(0, 3, 1, 2).to(device),
        torch.from_numpy(weight).expand(len(labels), 1, -1, -1).to(device),
    )


@torch.inference_mode()
def read_part(
    generator: Generator, encoder: Encoder, picture: np.ndarray, hidden: np.ndarray
) -> np.ndarray | None:
    """Log-chance of each class [classes] by the known part; None of an encoder of whole pictures."""
    if not encoder.hidden_share:
        return None
    img = to_img(torch.tensor(picture[None])).to(generator.device)
    seen = hide(img, torch.from_numpy(hidden[None]).to(img.device))
    _, logits = encoder(seen)
    chances: np.ndarray = logits[0].log_softmax(0).cpu().numpy()
    return chances


def _chance(label: int, fit: Fit, hint: np.ndarray | None) -> float:
    """Logarithm of how likely a class is, up to a constant."""
    return fit.evidence / _TEMPERATURE if hint is None else float(hint[label])


def _deal(chances: dict[int, float], count: int, different: float) -> list[tuple[int, int]]:
    """Classes and how many completions each gets, the likeliest first.

    `chances` are logarithms. What is left of a class's share decides who gets the next one, as seats of a parliament are given.
    """
    evidence = np.array(list(chances.values()))
    shares = np.exp((evidence - evidence.max()) / max(different, 0.05))
    given = np.zeros(len(shares), dtype=int)
    for _ in range(count):
        given[(shares / (2 * given + 1)).argmax()] += 1  # Sainte-Laguë
    labels = list(chances)
    order = np.argsort(-evidence, kind="stable")
    return [(labels[place], int(given[place])) for place in order if given[place]]


def _starts(
    generator: Generator,
    pool: Pool,
    label: int,
    fit: Fit,
    img: np.ndarray,
    known: np.ndarray,
    count: int,
    different: float,
    random: np.random.RandomState,
) -> tuple[np.ndarray, np.ndarray]:
    """W [count, w_dim] and what they show [count, HWC]: unlike each other, like the known part.

    Members of the crowd are corrected by what they lack of the known part, and drawn. Of those that
    come nearest to it, the ones farthest from each other in the hidden part are taken.
    """
    members, shown = pool.w[label], pool.img[label]
    looked = round(_between(_CANDIDATES, max(different, 0.5))) * count
    drawn = random.permutation(len(members))[: max(len(members) // 2, looked)]
    lack = img[known] - shown[:, known]  # [M, known]
    w = members + lack @ fit.gain.T @ pool.w_apart[label]
    near = drawn[np.square(lack[drawn]).mean(1).argsort(kind="stable")][:looked]
    spread = _CLOSEST + (1 - _CLOSEST) * different
    w = (w.mean(0) + spread * (w[near] - w.mean(0))).astype(np.float32)
    pixels = BatchRenderer(generator).render(torch.from_numpy(w).to(generator.device))
    fill = pixels.reshape(len(w), -1).astype(np.float32) / 127.5 - 1
    error = np.square(fill[:, known] - img[known]).mean(1)
    best = error.argsort(kind="stable")[: looked // 2]
    picked = best[_farthest(fill[best][:, ~known], count)]
    return w[picked], fill[picked]


def _between(ends: tuple[float, float], different: float) -> float:
    """The power of `different` that is the first end at 0.5 and the second at 1, and 0 at 0.

    A straight line would spend the slider's upper half on what nobody sees.
    """
    half, whole = ends
    return float(whole * different ** np.log2(whole / half))


def _farthest(points: np.ndarray, count: int) -> list[int]:
    """The first of points [N, D], and then always the one farthest from all that were taken."""
    picked = [0]
    while len(picked) < count:
        apart = np.square(points[:, None] - points[picked]).sum(2).min(1)
        picked.append(int(apart.argmax()))
    return picked
