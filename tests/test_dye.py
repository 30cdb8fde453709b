"""Dyed cloth: what is opaque, what is open, and which colours it takes."""

import numpy as np
import pytest

from model.dye import (
    DYES,
    PAPER,
    dye_cloth,
    dye_of,
    dye_sheet,
    fill_print,
    find_dye,
    hole_area,
    mix_ramps,
)


def garment(hole: int = 0, value: int = 0) -> np.ndarray:
    """A bright square of cloth with a square of `hole` pixels a side in its middle."""
    pixels = np.zeros((28, 28, 1), dtype=np.uint8)
    pixels[4:24, 6:22] = 200
    pixels[12 : 12 + hole, 12 : 12 + hole] = value
    return pixels


def test_cloth_is_opaque_and_paper_shows_around_it() -> None:
    cloth = dye_cloth(garment(), 320, DYES["indigo"], 24)
    assert cloth.shape == (320, 320, 4)
    assert cloth[160, 160, 3] == 255
    assert cloth[5, 5, 3] == 0


def test_colours_run_along_the_ramp() -> None:
    for level, stop in ((0, 0), (85, 1), (170, 2), (255, 3)):
        flat = np.full((28, 28, 1), level, dtype=np.uint8)
        middle = dye_cloth(flat, 64, DYES["madder"], 24)[32, 32, :3]
        assert np.abs(middle.astype(int) - DYES["madder"][stop]).max() <= 1


def test_dark_print_stays_dark_but_opaque() -> None:
    pixels = garment(hole=4)
    printed = dye_cloth(pixels, 320, DYES["indigo"], hole_area("Dress"))
    open_ = dye_cloth(pixels, 320, DYES["indigo"], hole_area("Sandal"))
    at = (14 + 2) * 10
    assert printed[at, at, 3] == 255
    assert printed[at, at, :3].max() < 100
    assert open_[at, at, 3] < 60


def test_a_large_hole_and_a_bay_stay_open() -> None:
    tone = np.pad(garment(hole=6)[..., 0] / 255, 2)
    assert (fill_print(tone, 24) == tone).all()
    bay = garment()
    bay[4:10, 12:14] = 0  # reaches the border of the cloth
    tone = np.pad(bay[..., 0] / 255, 2)
    assert (fill_print(tone, 24) == tone).all()


def test_a_hem_cut_by_the_border_gets_a_soft_edge() -> None:
    cloth = dye_cloth(np.full((28, 28, 1), 255, dtype=np.uint8), 320, DYES["ink"], 24)
    assert cloth[0, 160, 3] == 0
    assert 0 < cloth[:20, 160, 3].max() <= 255
    assert cloth[160, 160, 3] == 255


def test_colour_pictures_are_dyed_by_their_luminance() -> None:
    grey = dye_cloth(garment(), 96, DYES["moss"], 24)
    colour = dye_cloth(garment().repeat(3, axis=2), 96, DYES["moss"], 24)
    assert np.abs(grey.astype(int) - colour).max() <= 1


def test_ramps_blend_stop_by_stop() -> None:
    assert mix_ramps((DYES["indigo"], DYES["madder"]), (1, 0)) == DYES["indigo"]
    assert mix_ramps((DYES["indigo"], DYES["madder"]), (0, 1)) == DYES["madder"]
    halfway = mix_ramps((((0, 0, 0),) * 4, ((100, 200, 50),) * 4), (0.5, 0.5))
    assert halfway == ((50, 100, 25),) * 4


def test_neighbours_on_a_rail_wear_different_dyes() -> None:
    for columns in (3, 4):
        for seed in range(100):
            dye = dye_of(3, seed)
            assert dye != dye_of(3, seed + 1)
            assert dye != dye_of(3, seed + columns)
    assert len({dye_of(label, 42) for label in range(10)}) == 2


def test_sheet_lies_on_paper() -> None:
    sheet = dye_sheet(np.stack([garment()] * 3), 2, 56, [DYES["ochre"]] * 3, [24.0] * 3)
    assert sheet.shape == (112, 112, 3)
    assert tuple(sheet[100, 100]) == PAPER
    assert tuple(sheet[28, 28]) != PAPER


@pytest.mark.parametrize("size", [0, -1, 4096])
def test_refuses_a_size_that_is_out_of_range(size: int) -> None:
    with pytest.raises(ValueError, match=f"size must be in 1..2048, not {size}"):
        dye_cloth(garment(), size, DYES["ink"], 24)


@pytest.mark.parametrize("name", ["pink", None, ["ink"], 3])
def test_refuses_an_unknown_dye(name: object) -> None:
    with pytest.raises(ValueError, match="dye must be one of indigo, madder, ochre, moss, ink"):
        find_dye(name)
