"""Films as players see them: decoded again, counted, measured and compared with their frames."""

import io

import av
import numpy as np
import pytest
from PIL import Image

from model.dye import DYES, PAPER, dye_sheet, mix_ramps
from model.film import MAX_FRAMES, write_gif, write_mp4
from model.keepsake import AI_NOTICE

RECIPE = "tr1~fashion-mnist~4b1c9e02~3:4207:0.7~~indigo\ntr1~fashion-mnist~4b1c9e02~4:7:0.7~~madder"


def garment_frames(count: int, size: int = 96) -> list[np.ndarray]:
    """A garment that grows wider and turns from indigo to madder, on paper."""
    frames = []
    for number in range(count):
        pixels = np.zeros((1, 28, 28, 1), dtype=np.uint8)
        shade = np.linspace(90, 250, 20).round()[:, None, None]
        pixels[0, 4:24, 8 - number % 5 : 20 + number % 5] = shade
        share = number / max(count - 1, 1)
        ramp = mix_ramps((DYES["indigo"], DYES["madder"]), (1 - share, share))
        frames.append(dye_sheet(pixels, 1, size, [ramp], [24.0]))
    return frames


def read_gif(data: bytes) -> tuple[list[np.ndarray], list[int], dict]:
    with Image.open(io.BytesIO(data)) as film:
        frames, durations = [], []
        for number in range(film.n_frames):
            film.seek(number)
            frames.append(np.asarray(film.convert("RGB")).astype(int))
            durations.append(film.info["duration"])
        return frames, durations, dict(film.info)


def read_mp4(data: bytes) -> tuple[list[np.ndarray], dict]:
    with av.open(io.BytesIO(data)) as film:
        stream = film.streams.video[0]
        about = {
            "codec": stream.codec_context.name,
            "format": stream.codec_context.pix_fmt,
            "rate": stream.average_rate,
            "colours": (stream.codec_context.colorspace, stream.codec_context.color_range),
            **film.metadata,
        }
        frames = [f.to_ndarray(format="rgb24").astype(int) for f in film.decode(stream)]
        return frames, about


def test_a_gif_goes_there_and_back_for_ever_at_its_speed():
    frames = garment_frames(5)
    seen, durations, info = read_gif(write_gif(frames, 12, RECIPE))
    assert len(seen) == 8
    assert info["loop"] == 0
    assert sum(durations) == 670  # 8 / 12 s, in hundredths
    assert set(durations) == {80, 90}
    for shown, number in zip(seen, [0, 1, 2, 3, 4, 3, 2, 1], strict=True):
        assert shown.shape == (96, 96, 3)
        assert np.abs(shown - frames[number]).mean() < 3


def test_a_gif_may_go_one_way():
    assert len(read_gif(write_gif(garment_frames(5), 12, RECIPE, there_and_back=False))[0]) == 5


def test_nothing_flickers_in_a_gif():
    frames = garment_frames(6)
    for frame in frames[1:]:
        frame[:40] = frames[0][:40]
    seen = read_gif(write_gif(frames, 12, RECIPE))[0]
    assert all((shown[:40] == seen[0][:40]).all() for shown in seen)
    assert all((shown[2, 2] == PAPER).all() for shown in seen)


def test_256_colours_are_enough_for_a_film_that_changes_its_dye():
    frames = garment_frames(12, size=192)
    seen = read_gif(write_gif(frames, 12, RECIPE))[0]
    off = np.array(
        [np.abs(shown - frame) for shown, frame in zip(seen[: len(frames)], frames, strict=True)]
    )
    cloth = off[off > 0]
    assert cloth.mean() < 5
    assert cloth.max() < 25


def test_an_mp4_is_what_browsers_and_phones_play():
    frames = garment_frames(7, size=128)
    data = write_mp4(frames, 24, RECIPE)
    seen, about = read_mp4(data)
    assert len(seen) == 7
    assert (about["codec"], about["format"], about["rate"]) == ("h264", "yuv420p", 24)
    assert about["colours"] == (1, 1)  # BT.709, limited range
    assert 0 < data.find(b"moov") < data.find(b"mdat")  # starts before all of it is there
    for shown, frame in zip(seen, frames, strict=True):
        assert shown.shape == (128, 128, 3)
        assert np.abs(shown - frame).mean() < 3
        assert np.abs(shown[4, 4] - PAPER).max() <= 3


def test_an_mp4_may_return_too():
    assert len(read_mp4(write_mp4(garment_frames(4), 12, RECIPE, there_and_back=True))[0]) == 6


def test_films_say_that_ai_made_them_and_how():
    frames = garment_frames(2)
    assert read_gif(write_gif(frames, 12, RECIPE))[2]["comment"].decode() == (
        f"{AI_NOTICE}\n{RECIPE}"
    )
    assert read_mp4(write_mp4(frames, 12, RECIPE))[1]["comment"] == f"{AI_NOTICE}\n{RECIPE}"


@pytest.mark.parametrize("write", [write_gif, write_mp4])
def test_the_same_input_gives_the_same_bytes(write):
    assert write(garment_frames(3), 10, RECIPE) == write(garment_frames(3), 10, RECIPE)


@pytest.mark.parametrize("write", [write_gif, write_mp4])
def test_images_and_arrays_are_one(write):
    frames = garment_frames(3)
    images = [Image.fromarray(frame) for frame in frames]
    assert write(images, 10, RECIPE) == write(frames, 10, RECIPE)


@pytest.mark.parametrize("shape", [(64, 64), (64, 1024), (130, 74)])
@pytest.mark.parametrize(("write", "read"), [(write_gif, read_gif), (write_mp4, read_mp4)])
def test_any_even_size_and_a_single_frame_of_nothing(write, read, shape):
    blank = np.empty((*shape, 3), dtype=np.uint8)
    blank[:] = PAPER
    seen = read(write([blank], 50, RECIPE))[0]
    assert len(seen) == 1
    assert seen[0].shape == (*shape, 3)
    assert np.abs(seen[0] - PAPER).max() <= 3


def test_the_longest_film():
    frames = garment_frames(MAX_FRAMES, size=64)
    assert len(read_mp4(write_mp4(frames, 30, RECIPE))[0]) == MAX_FRAMES
    assert len(read_gif(write_gif(frames, 30, RECIPE))[0]) == 2 * MAX_FRAMES - 2


def blank(height: int = 64, width: int = 64, channels: int = 3) -> np.ndarray:
    return np.zeros((height, width, channels), dtype=np.uint8)


@pytest.mark.parametrize("write", [write_gif, write_mp4])
@pytest.mark.parametrize(
    ("frames", "fps", "recipe", "told"),
    [
        ([], 12, RECIPE, "frames must be 1..240, not 0"),
        ([blank()] * 241, 12, RECIPE, "frames must be 1..240, not 241"),
        ([blank(62)], 12, RECIPE, "sides of frames must be even and in 64..1024, not 64 x 62"),
        ([blank(65)], 12, RECIPE, "sides of frames must be even and in 64..1024, not 64 x 65"),
        ([blank(64, 1026)], 12, RECIPE, "must be even and in 64..1024, not 1026 x 64"),
        ([blank(), blank(66)], 12, RECIPE, "of one size, 64 x 64, and frame 1 is not"),
        ([blank(channels=4)], 12, RECIPE, r"frames must be uint8 \[H, W, 3\], not \(64, 64, 4\)"),
        ([blank()[..., 0]], 12, RECIPE, r"frames must be uint8 \[H, W, 3\], not \(64, 64\)"),
        ([blank().astype(float)], 12, RECIPE, r"frames must be uint8 \[H, W, 3\]"),
        (["a"], 12, RECIPE, r"frames must be uint8 \[H, W, 3\], not str"),
        ([Image.new("L", (64, 64))], 12, RECIPE, "frames must be RGB images, not L"),
        ([blank()], 0, RECIPE, "fps must be a whole number in 1..50, not 0"),
        ([blank()], 51, RECIPE, "fps must be a whole number in 1..50, not 51"),
        ([blank()], 12.5, RECIPE, "fps must be a whole number in 1..50, not 12.5"),
        ([blank()], True, RECIPE, "fps must be a whole number in 1..50, not True"),
        ([blank()], 12, "", "recipe must be"),
        ([blank()], 12, "\n".join(["x"] * 21), "recipe must be at most 20 lines, not 21"),
    ],
)
def test_refuses_by_name(write, frames, fps, recipe, told):
    with pytest.raises(ValueError, match=told):
        write(frames, fps, recipe)
