"""Films of garments: a GIF for messages and an MP4 for everything else.

Frames lie on paper already; both kinds say that AI made them and carry the recipe as a comment.
"""

import io
import itertools
import math
import tempfile
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from PIL import Image

from model.checks import whole_number
from model.keepsake import AI_NOTICE, check_recipes

if TYPE_CHECKING:
    from av import VideoFrame

Frame: TypeAlias = np.ndarray | Image.Image
"""uint8 [H, W, 3], or an image of red, green and blue."""

MAX_FRAMES = 240
MIN_SIDE = 64
MAX_SIDE = 1024
MAX_FPS = 50

_COLOURS = 256
_PALETTE_SAMPLES = 2**18
_NEARLY_PAPER = 2  # grey levels
_WEAVE, _WEAVE_LEVELS = 8, 6
_BT709, _LIMITED_RANGE = 1, 1  # as H.264 counts them
_QUALITY = 17  # constant rate factor of H.264: no difference to be seen on soft cloth


def write_gif(frames: Sequence[Frame], fps: int, recipe: str, there_and_back: bool = True) -> bytes:
    """An endless GIF with one palette for all frames, so that nothing flickers.

    Args:
        frames: 1 to 240 of one size, sides even and in 64..1024; frames that are alike in a row
            become one that stays longer.
        fps: frames in a second, 1 to 50.
        recipe: one or more, a line each.
        there_and_back: play the frames backwards too, so that the loop has no jump.

    Raises:
        ValueError: naming the field and its value.
    """
    rate = whole_number("fps", fps, 1, MAX_FPS)
    _check(frames, recipe)
    order = _there_and_back(len(frames)) if there_and_back else list(range(len(frames)))
    flat = _flatten(frames)
    buffer = io.BytesIO()
    flat[order[0]].save(
        buffer,
        "GIF",
        save_all=True,
        append_images=[flat[number] for number in order[1:]],
        duration=_durations_ms(len(order), rate),
        loop=0,
        optimize=False,
        comment=f"{AI_NOTICE}\n{recipe}".encode(),
    )
    return buffer.getvalue()


def write_mp4(
    frames: Sequence[Frame], fps: int, recipe: str, there_and_back: bool = False
) -> bytes:
    """An H.264 film that browsers and phones play, and begin to play before all of it is there.

    Args:
        frames: 1 to 240 of one size, sides even and in 64..1024.
        fps: frames in a second, 1 to 50.
        recipe: one or more, a line each.
        there_and_back: play the frames backwards too.

    Raises:
        ValueError: naming the field and its value.
    """
    rate = whole_number("fps", fps, 1, MAX_FPS)
    height, width = _check(frames, recipe)
    order = _there_and_back(len(frames)) if there_and_back else list(range(len(frames)))
    import av  # heavy, and only films need it

    # The index is moved to the front when everything else is written, which needs a real file.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        options = {"movflags": "+faststart", "fflags": "+bitexact"}
        with av.open(str(path), "w", format="mp4", options=options) as film:
            film.metadata.update(title="Trama", comment=f"{AI_NOTICE}\n{recipe}")
            stream = film.add_stream("libx264", rate=rate, options={"crf": str(_QUALITY)})
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            context = stream.codec_context
            context.time_base, context.thread_count = Fraction(1, rate), 1
            context.color_primaries = context.color_trc = context.colorspace = _BT709
            context.color_range = _LIMITED_RANGE
            for number in order:
                pixels = np.ascontiguousarray(_pixels(frames[number]))
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                film.mux(stream.encode(_to_yuv(frame)))
            film.mux(stream.encode(None))
        return path.read_bytes()


def _to_yuv(frame: "VideoFrame") -> "VideoFrame":
    """In the colours that the film is labelled with: a player that guesses tints the paper."""
    from av.video.reformatter import ColorRange, Colorspace

    return frame.reformat(
        format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
    )


def _check(frames: Sequence[Frame], recipe: str) -> tuple[int, int]:
    """Height and width of the frames."""
    check_recipes(recipe)
    if not 1 <= len(frames) <= MAX_FRAMES:
        raise ValueError(f"frames must be 1..{MAX_FRAMES}, not {len(frames)}")
    height, width = _size(frames[0])
    for side in (height, width):
        if not MIN_SIDE <= side <= MAX_SIDE or side % 2:
            told = f"sides of frames must be even and in {MIN_SIDE}..{MAX_SIDE}"
            raise ValueError(f"{told}, not {width} x {height}")
    for number, frame in enumerate(frames):
        if _size(frame) != (height, width):
            told = f"frames must be of one size, {width} x {height}"
            raise ValueError(f"{told}, and frame {number} is not")
    return height, width


def _size(frame: Frame) -> tuple[int, int]:
    """Height and width of a frame that is one."""
    if isinstance(frame, Image.Image):
        if frame.mode != "RGB":
            raise ValueError(f"frames must be RGB images, not {frame.mode}")
        return frame.height, frame.width
    if not isinstance(frame, np.ndarray) or frame.dtype != np.uint8 or frame.shape[2:] != (3,):
        shape = getattr(frame, "shape", type(frame).__name__)
        raise ValueError(f"frames must be uint8 [H, W, 3], not {shape}")
    return frame.shape[0], frame.shape[1]


def _pixels(frame: Frame) -> np.ndarray:
    """uint8 [H, W, 3]."""
    return np.asarray(frame)


def _there_and_back(count: int) -> list[int]:
    """Order of frames that goes to the last and returns; the ends are shown once."""
    return [*range(count), *range(count - 2, 0, -1)]


def _durations_ms(count: int, fps: int) -> list[int]:
    """Time of each frame: GIF knows only hundredths of a second, so what is rounded is made up."""
    ends = [round(100 * (number + 1) / fps) for number in range(count)]
    return [10 * (end - start) for start, end in itertools.pairwise([0, *ends])]


def _flatten(frames: Sequence[Frame]) -> list[Image.Image]:
    """Frames in 256 colours that are the same in all of them, so that nothing flickers.

    Soft cloth has more shades than that: they are woven from two by a pattern that stands still.
    The paper, which is the commonest colour, is met exactly and stays plain.
    """
    height, width = _size(frames[0])
    step = max(1, math.ceil(math.sqrt(len(frames) * height * width / _PALETTE_SAMPLES)))
    sample = np.concatenate([_pixels(frame)[::step, ::step].reshape(-1, 3) for frame in frames])
    found, counts = np.unique(sample, axis=0, return_counts=True)
    paper = found[counts.argmax()].astype(int)
    cloth = sample[np.abs(sample - paper).max(axis=1) > _NEARLY_PAPER]
    palette = Image.new("P", (1, 1))
    palette.putpalette([*_colours(cloth), *paper.tolist()])
    repeats = (-(-height // _WEAVE), -(-width // _WEAVE))
    weave = np.tile(_weave(), repeats)[:height, :width, None]
    flat = []
    for frame in frames:
        pixels = _pixels(frame)
        is_paper = np.abs(pixels - paper).max(axis=2, keepdims=True) <= _NEARLY_PAPER
        woven = np.clip(pixels + weave, 0, 255).round()
        levels = np.where(is_paper, paper, woven).astype(np.uint8)
        image = Image.fromarray(levels)
        flat.append(image.quantize(palette=palette, dither=Image.Dither.NONE))
    return flat


def _colours(cloth: np.ndarray) -> list[int]:
    """Up to 255 colours, as red, green and blue in turn, that stand for those of uint8 [N, 3]."""
    if not len(cloth):
        return []
    sample = Image.fromarray(cloth[None])
    chosen = sample.quantize(_COLOURS - 1, Image.Quantize.MAXCOVERAGE, kmeans=1)
    return (chosen.getpalette() or [])[: 3 * (_COLOURS - 1)]


def _weave() -> np.ndarray:
    """Ordered thresholds [8, 8] around zero, a few grey levels high (Bayer 1973)."""
    order = np.zeros((1, 1))
    while len(order) < _WEAVE:
        order = np.block([[4 * order, 4 * order + 2], [4 * order + 3, 4 * order + 1]])
    return ((order + 0.5) / _WEAVE**2 - 0.5) * _WEAVE_LEVELS
