"""Parts of pictures that an encoder does not get to see while it learns: boxes, sides and strokes."""

import cv2
import numpy as np

_STREAM = 37
_KINDS = ("box", "side", "strokes")


def random_masks(seed: int, start: int, count: int, size: int, share: float) -> np.ndarray:
    """What is hidden of the pictures number `start` and on: bool [count, size, size].

    Of `share` of them something is: a box, one side of an edge, or one to four strokes, each
    anywhere and of any likely size. A pure function of the seed and the number of the picture.
    """
    masks = np.zeros((count, size, size), dtype=bool)
    for place, mask in enumerate(masks):
        bits = np.random.Philox(key=[seed, _STREAM], counter=[0, 0, 0, start + place])
        random = np.random.Generator(bits)
        if random.random() < share:
            _HIDERS[_KINDS[random.integers(len(_KINDS))]](random, mask)
    return masks


def _hide_box(random: np.random.Generator, mask: np.ndarray) -> None:
    size = len(mask)
    height, width = random.integers(round(0.25 * size), round(0.65 * size), 2, endpoint=True)
    top, left = random.integers(0, size - height + 1), random.integers(0, size - width + 1)
    mask[top : top + height, left : left + width] = True


def _hide_side(random: np.random.Generator, mask: np.ndarray) -> None:
    edge = random.integers(round(0.3 * len(mask)), round(0.65 * len(mask)), endpoint=True)
    turned = np.rot90(mask, int(random.integers(4)))  # a view: the mask itself is written to
    turned[:edge] = True


def _hide_strokes(random: np.random.Generator, mask: np.ndarray) -> None:
    size = len(mask)
    drawn = np.zeros(mask.shape, dtype=np.uint8)
    for _ in range(random.integers(1, 5)):
        points = random.integers(0, size, (3, 1, 2)).astype(np.int32)
        width = int(random.integers(max(size // 14, 1), max(size // 5, 2)))
        cv2.polylines(drawn, [points], isClosed=False, color=1, thickness=width)
    mask |= drawn > 0


_HIDERS = {"box": _hide_box, "side": _hide_side, "strokes": _hide_strokes}
