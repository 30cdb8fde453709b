"""Where a part of a photo lies: a rectangle, turned about its middle, and pixels taken from there."""

import dataclasses
import math

import cv2
import numpy as np

Box = tuple[float, float, float, float]
"""Left, top, right and bottom, as shares of a photo's width and height."""

WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


@dataclasses.dataclass(frozen=True)
class Window:
    """A rectangle on a photo, in its pixels.

    `x`, `y` its middle, `width`, `height` its sides, `tilt` the degrees clockwise by which the
    photo is turned under it: the rectangle itself stands turned the other way.
    """

    x: float
    y: float
    width: float
    height: float
    tilt: float = 0.0

    @classmethod
    def of(cls, box: Box, tilt: float, shape: tuple[int, ...]) -> "Window":
        """The window of a box in shares of a photo [H, W, ...]."""
        height, width = shape[:2]
        left, top, right, bottom = box
        return cls(
            (left + right) / 2 * width, (top + bottom) / 2 * height,
            (right - left) * width, (bottom - top) * height, tilt,
        )  # fmt: skip

    def box(self, shape: tuple[int, ...]) -> Box:
        """The inverse of `of`, to four digits."""
        height, width = shape[:2]
        return (
            round(float(self.x - self.width / 2) / width, 4),
            round((self.y - self.height / 2) / height, 4),
            round((self.x + self.width / 2) / width, 4),
            round((self.y + self.height / 2) / height, 4),
        )

    def grown(self, share: float) -> "Window":
        """With so much of its sides more on every side."""
        factor = 1 + 2 * share
        return dataclasses.replace(self, width=self.width * factor, height=self.height * factor)

    def inner(self, box: Box, turn: float = 0.0) -> "Window":
        """The window of a box in shares of this one, turned further by `turn` about its middle."""
        along = ((box[0] + box[2]) / 2 - 0.5) * self.width
        down = ((box[1] + box[3]) / 2 - 0.5) * self.height
        # The photo is turned clockwise under the window: a step in it is one turned back there.
        cos, sin = math.cos(math.radians(self.tilt)), math.sin(math.radians(self.tilt))
        return Window(
            self.x + cos * along + sin * down, self.y - sin * along + cos * down,
            (box[2] - box[0]) * self.width, (box[3] - box[1]) * self.height, self.tilt + turn,
        )  # fmt: skip

    def sample(
        self, picture: np.ndarray, size: tuple[int, int], edge: int | None = None
    ) -> np.ndarray:
        """Pixels of a photo [H, W] or [H, W, C] under the window, `size` wide and high.

        Args:
            picture: whole.
            size: width and height of the result.
            edge: value outside of the photo; its border pixels go on if None.
        """
        scale = size[0] / self.width
        shrink = max(1.0, 1 / scale)
        if shrink > 1.25:  # or single pixels would stand for many
            height, width = picture.shape[:2]
            small = (max(1, round(width / shrink)), max(1, round(height / shrink)))
            picture = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
            across, down = small[0] / width, small[1] / height
        else:
            across = down = 1.0
        cos, sin = math.cos(math.radians(self.tilt)), math.sin(math.radians(self.tilt))
        step_x, step_y = self.width / size[0], self.height / size[1]
        back = np.array([[cos * step_x, sin * step_y], [-sin * step_x, cos * step_y]])
        middle = np.array([self.x, self.y])
        start = middle - back @ ((np.array(size) - 1) / 2)  # centre of the first pixel
        back = np.array([[across], [down]]) * back
        start = np.array([across, down]) * start - 0.5
        sampled: np.ndarray = cv2.warpAffine(
            picture, np.column_stack([back, start]), size,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE if edge is None else cv2.BORDER_CONSTANT,
            borderValue=0 if edge is None else edge,
        )  # fmt: skip
        return sampled
