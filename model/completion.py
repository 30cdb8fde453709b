"""Filling in what is missing of a picture: several different garments that agree on what is there.

The crowd of `model.pool` says which classes the known part may be, and gives each completion a start
of its own; `model.inversion` brings them nearer to the known part, held to their own starts in the
hidden one so that they stay different; `model.seam` joins them.
"""

import reprlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch

from model.batches import BatchRenderer
from model.checks import number, whole_number
from model.generator import Generator
from model.inversion import Descent, Step, refine
from model.labels import find_label
from model.latents import MAX_SEED
from model.pixels import to_img
from model.pool import Fit, Pool, pool_of
from model.seam import join

FEWEST, MOST = 4, 8
"""Completions of one picture."""

DEFAULT_COUNT, DEFAULT_DIFFERENT = 6, 0.5

DESCENT = Descent(steps=8, layer_steps=0, rate=0.05)
"""Few steps, as the starts agree with the known part already, and one w for all layers.

Measured on half hidden garments held out from training: without descent 0.896 were taken for their
class, with ten steps 0.917, with eight and then six of a w for each layer 0.901; with so few pixels to
go by, the layers agree on what is known and go astray in what is not. Twice the rate overshoots.
"""

STEPS = DESCENT.steps + DESCENT.layer_steps
"""How many steps there are, if nobody stops it."""

_TEMPERATURE = 12.0
"""By what the evidence of a class is divided: neighbouring pixels repeat each other, and it adds up."""

_ANCHOR = 0.1
"""Weight of a hidden pixel, as its start has it, against a known one, where all shall differ most."""

_CANDIDATES = 4
"""Garments that are looked at for each one that is wanted."""

_CLOSEST = 0.35
"""Share of their differences that completions keep where they shall differ least."""


class Completions(NamedTuple):
    """Several completions of one picture: the likeliest class first, and in it the nearest.

    Attributes:
        pixels: uint8 [N, H, W, C]; where the picture is known they are the picture.
        labels: class of each, [N].
        ws: what the generator drew the hidden parts from, [N, L, w_dim].
        error: how far each one was from the known part before it was joined, [N] in 0..1.
    """

    pixels: np.ndarray
    labels: tuple[int, ...]
    ws: torch.Tensor
    error: torch.Tensor


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


def complete(
    generator: Generator,
    pixels: object,
    hidden: object,
    count: object = DEFAULT_COUNT,
    different: object = DEFAULT_DIFFERENT,
    label: str | int | None = None,
    seed: object = 0,
    on_step: Callable[[int, Step], None] | None = None,
    stop: Callable[[], bool] | None = None,
    metric: torch.Tensor | None = None,
) -> Completions:
    """Complete a picture in several ways; the same ones for the same values.

    Args:
        generator: frozen.
        pixels: uint8 [H, W] or [H, W, C] of the model's own size.
        hidden: bool [H, W], True where the picture is missing.
        count: how many completions, 4 to 8.
        different: 0 to 1; the more, the more they differ, and the less likely classes they take.
        label: the class by number or name; those that the known part may be if None.
        seed: another one gives others.
        on_step: told the number of each of the `STEPS` steps from 0 on, and the step.
        stop: asked after each step; once it says yes, what there is is joined and returned.
        metric: as of `refine`; that of the model's encoder, where it has one, saves measuring it.

    Raises:
        ValueError: naming the argument and its value.
    """
    picture = check_picture(generator, pixels)
    mask = check_hidden(generator, hidden)
    rows = whole_number("count", count, FEWEST, MOST)
    share = number("different", different, 0, 1)
    known_label = None if label is None else find_label(label, generator.config)
    born = whole_number("seed", seed, 0, MAX_SEED)
    task = prepare(generator, picture, mask, rows, share, known_label, born)
    layers = generator.config.num_layers
    start = task.start[:, None].expand(-1, layers, -1)
    best: Step | None = None
    steps = refine(
        generator,
        start,
        task.target,
        task.weight,
        labels=task.labels,
        descent=DESCENT,
        metric=metric,
    )
    for place, step in enumerate(steps):
        best = nearer(best, step)
        if on_step:
            on_step(place, step)
        if stop and stop():
            break
    assert best is not None  # noqa: S101 - refine yields at least once
    return finish(generator, picture, mask, task, best.ws)


def nearer(best: Step | None, step: Step) -> Step:
    """Of two steps the better rows: few and long steps also overshoot."""
    if best is None:
        return step
    better = step.error < best.error
    ws = torch.where(better[:, None, None], step.ws, best.ws)
    return Step(ws, torch.where(better, step.error, best.error))


def check_picture(generator: Generator, pixels: object) -> np.ndarray:
    """uint8 pixels [H, W, C] of the model's own size.

    Raises:
        ValueError: another type or shape.
    """
    size, channels = generator.config.image_size, generator.config.image_channels
    given = pixels if isinstance(pixels, np.ndarray) else np.empty(0)
    given = given[..., None] if given.ndim == 2 else given
    if given.dtype != np.uint8 or given.shape != (size, size, channels):
        told = f"uint8 [{size}, {size}, {channels}]"
        raise ValueError(f"pixels must be {told}, not {_form(pixels)}")
    return given


def check_hidden(generator: Generator, hidden: object) -> np.ndarray:
    """Bool [H, W] that hides something, and not everything.

    Raises:
        ValueError: another type or shape, or a mask that leaves nothing to do or to go by.
    """
    size = generator.config.image_size
    given = hidden if isinstance(hidden, np.ndarray) else np.empty(0)
    if given.dtype != np.bool_ or given.shape != (size, size):
        raise ValueError(f"mask must be bool [{size}, {size}], not {_form(hidden)}")
    missing = int(given.sum())
    if not 0 < missing < given.size:
        raise ValueError(f"mask must hide 1..{given.size - 1} pixels, not {missing}")
    return given


def prepare(
    generator: Generator,
    picture: np.ndarray,
    hidden: np.ndarray,
    count: int,
    different: float,
    label: int | None,
    seed: int,
) -> Task:
    """Classes and starts of the completions; arguments as of `complete`, checked."""
    pool = pool_of(generator)
    img = picture.astype(np.float32).ravel() / 127.5 - 1
    known = np.repeat(~hidden.ravel(), picture.shape[2])
    classes = range(len(pool.w)) if label is None else [label]
    fits = {c: pool.fit(c, img, known) for c in classes}
    random = np.random.RandomState(seed)
    chosen = _deal(fits, count, different)
    starts, shown, labels = [], [], []
    for c, rows in chosen:
        w, fill = _starts(generator, pool, c, fits[c], img, known, rows, different, random)
        starts.append(w)
        shown.append(fill)
        labels += [c] * rows
    size, channels = generator.config.image_size, generator.config.image_channels
    target = np.where(known, img, np.concatenate(shown)).reshape(-1, size, size, channels)
    weight = np.where(hidden, np.float32(_ANCHOR * different), np.float32(1))
    device = generator.device
    return Task(
        tuple(labels),
        torch.from_numpy(np.concatenate(starts)).float().to(device),
        torch.from_numpy(target).float().permute(0, 3, 1, 2).to(device),
        torch.from_numpy(weight).expand(len(labels), 1, -1, -1).to(device),
    )


def finish(
    generator: Generator, picture: np.ndarray, hidden: np.ndarray, task: Task, ws: torch.Tensor
) -> Completions:
    """Draw ws [N, L, w_dim], one by one, and join them to the picture, the best of a class first."""
    with torch.inference_mode():
        img = torch.cat([generator.synthesis(row[None]) for row in ws])
        known = torch.from_numpy(~hidden).to(img.device)
        real = to_img(torch.tensor(picture[None])).to(img.device)
        error = (img - real).square().mean(1)[:, known].mean(1).sqrt() / 2
        made = ((img + 1) * 127.5).permute(0, 2, 3, 1).cpu().numpy()
    ranks = [task.labels.index(label) for label in task.labels]  # the likeliest class is the first
    order = np.lexsort((error.cpu().numpy(), np.array(ranks))).tolist()
    labels = tuple(task.labels[place] for place in order)
    return Completions(join(made[order], picture, hidden), labels, ws[order], error[order])


def _deal(fits: dict[int, Fit], count: int, different: float) -> list[tuple[int, int]]:
    """Classes and how many completions each gets, the likeliest first.

    What is left of a class's share decides who gets the next one, as seats of a parliament are given.
    """
    evidence = np.array([fit.evidence for fit in fits.values()]) / _TEMPERATURE
    shares = np.exp((evidence - evidence.max()) / max(different, 0.05))
    given = np.zeros(len(shares), dtype=int)
    for _ in range(count):
        given[(shares / (2 * given + 1)).argmax()] += 1  # Sainte-Laguë
    labels = list(fits)
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
    drawn = random.permutation(len(members))[: max(len(members) // 2, _CANDIDATES * count)]
    lack = img[known] - shown[:, known]  # [M, known]
    w = members + lack @ fit.gain.T @ pool.w_apart[label]
    near = drawn[np.square(lack[drawn]).mean(1).argsort(kind="stable")][: _CANDIDATES * count]
    spread = _CLOSEST + (1 - _CLOSEST) * different
    w = (w.mean(0) + spread * (w[near] - w.mean(0))).astype(np.float32)
    pixels = BatchRenderer(generator).render(torch.from_numpy(w).to(generator.device))
    fill = pixels.reshape(len(w), -1).astype(np.float32) / 127.5 - 1
    error = np.square(fill[:, known] - img[known]).mean(1)
    best = error.argsort(kind="stable")[: _CANDIDATES * count // 2]
    picked = best[_farthest(fill[best][:, ~known], count)]
    return w[picked], fill[picked]


def _farthest(points: np.ndarray, count: int) -> list[int]:
    """The first of points [N, D], and then always the one farthest from all that were taken."""
    picked = [0]
    while len(picked) < count:
        apart = np.square(points[:, None] - points[picked]).sum(2).min(1)
        picked.append(int(apart.argmax()))
    return picked


def _form(value: object) -> str:
    """What an array is like, or the value itself where it is none."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {list(value.shape)}"
    return reprlib.repr(value)
