"""Filling in what is missing of a picture: several different garments that agree on what is there.

Which classes the known part may be is said by the encoder where it learnt from pictures with a part
hidden, else by the crowd of `model.pool`, which gives each completion a start of its own; `model.inversion` brings them nearer to the known part, held to their own starts in the
hidden one so that they stay different; `model.seam` joins them.
"""

import reprlib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch

from model.checks import number, whole_number
from model.completion_task import Task, prepare
from model.encoder import Encoder
from model.generator import Generator
from model.inversion import Descent, Step, refine
from model.labels import find_label
from model.latents import MAX_SEED
from model.pixels import to_img
from model.seam import join

FEWEST, MOST = 4, 8
"""Completions of one picture."""

DEFAULT_COUNT, DEFAULT_DIFFERENT = 6, 0.5

DESCENT = Descent(steps=8, layer_steps=0, rate=0.05, prior=2e-2)
"""Few steps, as the starts agree with the known part already, and one w for all layers.

Measured on half hidden garments held out from training: without descent 0.896 were taken for their
class, with ten steps 0.917, with eight and then six of a w for each layer 0.901; with so few pixels to
go by, the layers agree on what is known and go astray in what is not. Twice the rate overshoots. The
pull is that of the measurement; a stronger one, as for a photo, was not tried here.
"""

STEPS = DESCENT.steps + DESCENT.layer_steps
"""How many steps there are, if nobody stops it."""


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
    encoder: Encoder | None = None,
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
        encoder: the model's, where it has one.

    Raises:
        ValueError: naming the argument and its value.
    """
    picture = check_picture(generator, pixels)
    mask = check_hidden(generator, hidden)
    rows = whole_number("count", count, FEWEST, MOST)
    share = number("different", different, 0, 1)
    known_label = None if label is None else find_label(label, generator.config)
    born = whole_number("seed", seed, 0, MAX_SEED)
    task = prepare(generator, picture, mask, rows, share, known_label, born, encoder)
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
        metric=None if encoder is None else encoder.metric,
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


def _form(value: object) -> str:
    """What an array is like, or the value itself where it is none."""
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {list(value.shape)}"
    return reprlib.repr(value)
