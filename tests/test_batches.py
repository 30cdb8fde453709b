"""Many pictures at once: the same pictures to one grey level, from as many threads as call."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from model.batches import BatchRenderer, drawers
from model.config import ModelConfig
from model.generator import Generator
from model.latents import broadcast, map_seeds, move, render
from model.weights import SHIPPED_MODEL, load_generator


@pytest.fixture(scope="module")
def generator() -> Generator:
    return load_generator(SHIPPED_MODEL)


@pytest.fixture(scope="module")
def ws(generator) -> torch.Tensor:
    """37 garments, no two layers of which need listen to the same w."""
    w = map_seeds(generator, [n % 10 for n in range(37)], range(37), 0.7)
    shares = torch.rand(6, 1, generator=torch.manual_seed(5))
    return torch.lerp(broadcast(generator, w), broadcast(generator, w.flip(0)), shares)


@pytest.fixture(params=[1, 2])
def threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def difference(one: np.ndarray, other: np.ndarray) -> int:
    assert one.shape == other.shape
    assert one.dtype == other.dtype == np.uint8
    return int(np.abs(one.astype(int) - other.astype(int)).max(initial=0))


@pytest.mark.parametrize("count", [0, 1, 2, 16, 17, 37])
def test_batches_are_within_one_grey_level_of_single_pictures(generator, ws, threads, count):
    given = ws[:count].clone()
    assert difference(BatchRenderer(generator).render(ws[:count]), render(generator, given)) <= 1
    assert torch.equal(ws[:count], given)


@pytest.mark.parametrize("count", [1, 2, 12, 37])
def test_garment_by_garment_is_the_same_bytes(generator, ws, threads, count):
    assert difference(BatchRenderer(generator).each(ws[:count]), render(generator, ws[:count])) == 0


def test_one_w_serves_all_layers(generator):
    w = map_seeds(generator, range(10), [7] * 10)
    assert difference(BatchRenderer(generator).render(w), render(generator, w)) <= 1


def test_the_ends_of_directions_are_drawn_too(generator):
    w = map_seeds(generator, [3, 8], [1, 2], 2.0)
    for direction in generator.directions.named:
        for strength in (direction.low, direction.high):
            ws = move(generator, w, {direction.name: strength})
            assert difference(BatchRenderer(generator).render(ws), render(generator, ws)) <= 1


@pytest.mark.parametrize(
    ("size", "base", "channels", "widths", "classes"),
    [
        (28, 7, 1, (8, 12), ("a", "b")),
        (32, 4, 3, (16, 8, 4), ()),
        (64, 4, 3, (8, 8, 8, 8), ("a", "b", "c")),
        (14, 7, 1, (3,), ()),
    ],
)
def test_every_size_and_width(size, base, channels, widths, classes):
    config = ModelConfig(
        image_size=size, base_size=base, image_channels=channels, class_names=classes,
        z_dim=6, class_dim=4, w_dim=8, base_width=5, generator_widths=widths,
        discriminator_widths=(4,) * (len(widths) + 1),
    )  # fmt: skip
    torch.manual_seed(3)
    generator = Generator(config)
    with torch.no_grad():  # as after training: statistics that are not 0 and 1, biases not 0
        for name, value in [*generator.named_parameters(), *generator.named_buffers()]:
            if name.endswith(("bias", "mean")):
                value.normal_(std=0.1)
            elif name.endswith("var"):
                value.uniform_(0.5, 2)
        generator.synthesis.to_image.weight.mul_(4)
    w = map_seeds(generator, [0] * 9, range(9))
    exact = render(generator, w)
    assert np.ptp(exact) > 60
    assert difference(BatchRenderer(generator).render(w), exact) <= 1


def test_many_callers_get_what_one_gets(generator, ws, threads):
    renderer = BatchRenderer(generator)
    alone = renderer.render(ws)
    with ThreadPoolExecutor(8) as callers:
        answers = list(callers.map(lambda _: renderer.render(ws), range(8)))
    assert all(answer.tobytes() == alone.tobytes() for answer in answers)


def test_the_exact_pictures_and_the_weights_stay_what_they_were(generator, ws):
    weights = {name: value.clone() for name, value in generator.state_dict().items()}
    before = render(generator, ws[:3])
    BatchRenderer(generator).render(ws)
    assert render(generator, ws[:3]).tobytes() == before.tobytes()
    assert all(torch.equal(value, weights[name]) for name, value in generator.state_dict().items())


def test_threads_draw_side_by_side_only_where_torch_has_none_of_its_own(threads):
    cores = os.cpu_count() or 1
    assert drawers() == 1 if threads > 1 else 1 <= drawers() <= cores
