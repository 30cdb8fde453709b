"""Joining what was made to what is known, so that no border is seen between them."""

import numpy as np

_REACH = 3.0
"""Pixels over which a difference at the border has faded to a third."""

_LARGE = 80.0
"""Grey levels from which on a difference is another outline rather than another tone: no mist."""

_STEPS = 200
_PRECISION = 1e-3


def join(made: np.ndarray, pixels: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Fill the hidden part of a picture with made ones; every known pixel stays as it is.

    What is made is off by a little where it meets what is known. That difference is carried on into
    the hidden part by the screened Poisson equation, the way a membrane hangs from its frame, but
    fading, and taken off there.

    Args:
        made: float [N, H, W, C], grey levels 0..255.
        pixels: uint8 [H, W, C].
        hidden: bool [H, W].

    Returns:
        uint8 pixels [N, H, W, C].
    """
    off = np.where(hidden[..., None], 0.0, pixels - made.astype(np.float64))
    soft = off / (1 + np.square(off / _LARGE))
    mended = made + _carry_on(soft, hidden)
    joined = np.clip(np.rint(mended), 0, 255).astype(np.uint8)
    return np.where(hidden[..., None], joined, pixels)


def _carry_on(off: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Solve (1 / reach² - Laplace) x = 0 within `hidden`, x being `off` on the pixels around it.

    Conjugate gradients: the matrix is symmetric, and positive because of the fading. The edge of
    the picture lets through as it is.
    """
    inside = hidden[..., None]
    fading = 1 / _REACH**2
    neighbours = _around(np.ones((1, *inside.shape)))

    def apply(x: np.ndarray) -> np.ndarray:
        y: np.ndarray = np.where(inside, (fading + neighbours) * x - _around(x), 0)
        return y

    x = np.zeros_like(off)
    rest = np.where(inside, _around(off), 0.0)
    way, size = rest, np.square(rest).sum((1, 2), keepdims=True)
    for _ in range(_STEPS):
        if size.max() < _PRECISION:
            break
        image = apply(way)
        # A picture that is done has no way to go; its neighbours go on.
        length = size / np.maximum((way * image).sum((1, 2), keepdims=True), 1e-12)
        x, rest = x + length * way, rest - length * image
        before, size = size, np.square(rest).sum((1, 2), keepdims=True)
        way = rest + size / np.maximum(before, 1e-12) * way
    return x


def _around(x: np.ndarray) -> np.ndarray:
    """Sum of the up to four neighbours of each pixel: [N, H, W, C] -> the same shape."""
    y = np.zeros_like(x)
    y[:, 1:] += x[:, :-1]
    y[:, :-1] += x[:, 1:]
    y[:, :, 1:] += x[:, :, :-1]
    y[:, :, :-1] += x[:, :, 1:]
    return y
