"""python -m tests.benchmarks.verdict: whether a picture of no garment is told so, and a garment is not.

Pictures go the page's whole way: cut out, made small, drawn again by the shipped model, and judged.
Of each kind `--count`: photos of test garments on the grounds of `tests.benchmarks.photo`, and what
is no garment: handwritten digits and photos that come with scikit-learn, letters, drawn shapes and
noise. "refused" is a picture in which nothing stands out from its ground. The rule of the verdict was
chosen on other pictures of these kinds (training/NOTES.md): other garments, digits, pieces and draws.
"""

import argparse
import collections
import io
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import torch
from PIL import Image
from sklearn.datasets import load_digits, load_sample_images
from tqdm import tqdm

from model.encoder import load_encoder
from model.inverter import Inverter
from model.photo import read_photo
from model.photo_open import PhotoError
from model.weights import SHIPPED_MODEL, find_discriminator, generator_sha256, load_generator
from tests.benchmarks.photo_pictures import GROUNDS, SIZE, photograph
from training.data import load_fashion_mnist
from training.hardware import describe_machine

VERDICTS = ("close", "near", "far", "none", "refused")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50, help="pictures of a kind")
    count = parser.parse_args().count
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    encoder = load_encoder(SHIPPED_MODEL, generator_sha256(SHIPPED_MODEL))
    inverter = Inverter(
        load_generator(SHIPPED_MODEL), encoder, critic=find_discriminator(SHIPPED_MODEL)
    )
    print(f"machine  {describe_machine()}; {count} pictures of each kind")
    print(f"{'':12}" + "".join(f"{verdict:>9}" for verdict in VERDICTS))
    for name, draw in KINDS.items():
        told = collections.Counter(
            judge(inverter, picture)
            for picture in tqdm(draw(count), total=count, desc=name, disable=None)
        )
        print(f"{name:12}" + "".join(f"{told[verdict] / count:>9.0%}" for verdict in VERDICTS))


def judge(inverter: Inverter, picture: np.ndarray) -> str | None:
    """What the page says of a picture, uint8 [H, W, 3]; None where nothing can be said."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=85)
    try:
        seen = read_photo(buffer.getvalue()).pixels
    except PhotoError:
        return "refused"
    return inverter.invert(seen[..., None]).verdict


def garments(count: int) -> Iterator[np.ndarray]:
    """Photos of test garments, the classes and the grounds in turn."""
    test = load_fashion_mnist("test")
    pixels, labels = test.pixels.numpy()[..., 0], test.labels.numpy()
    for n in range(count):
        place = int(np.flatnonzero(labels == n % 10)[n // 10 + 100])
        yield photograph(pixels[place], sorted(GROUNDS)[n * 3 % len(GROUNDS)], 1000 + n).pixels


def digits(count: int) -> Iterator[np.ndarray]:
    """Handwriting, dark on paper."""
    for n, image in enumerate(load_digits().images[200 : 200 + count]):
        ink = cv2.resize(image.astype(np.float32) / 16, (260, 260), interpolation=cv2.INTER_CUBIC)
        yield _on_paper(np.pad(ink.clip(0, 1), (SIZE - 260) // 2), n)


def photos(count: int) -> Iterator[np.ndarray]:
    """Parts of two photos, of a palace and of a flower."""
    random = np.random.default_rng(11)
    scenes = load_sample_images().images
    for n in range(count):
        scene = scenes[n % len(scenes)]
        side = int(random.integers(160, 400))
        top, left = (int(random.integers(0, length - side)) for length in scene.shape[:2])
        part = scene[top : top + side, left : left + side]
        yield cv2.resize(part, (SIZE, SIZE), interpolation=cv2.INTER_AREA)


def letters(count: int) -> Iterator[np.ndarray]:
    """A capital letter, upright or slanting."""
    for n in range(count):
        ink = np.zeros((SIZE, SIZE), np.uint8)
        font = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_TRIPLEX)[n % 2]
        font |= cv2.FONT_ITALIC if n % 3 == 0 else 0
        cv2.putText(ink, chr(ord("A") + n % 26), (90, 290), font, 10, 255, 10 + n % 11, cv2.LINE_AA)
        yield _on_paper(ink / 255, n)


def shapes(count: int) -> Iterator[np.ndarray]:
    """Stars, rings, crosses and crescents."""
    random = np.random.default_rng(12)
    for n in range(count):
        ink, radius = np.zeros((SIZE, SIZE), np.float32), int(random.integers(90, 150))
        middle = (SIZE // 2, SIZE // 2)
        if n % 4 == 0:
            turns = np.arange(10) * np.pi / 5 - np.pi / 2
            reach = np.where(np.arange(10) % 2, 0.42, 1.0) * radius
            points = np.stack((np.cos(turns) * reach, np.sin(turns) * reach), 1) + SIZE // 2
            cv2.fillPoly(ink, [points.astype(np.int32)], 1.0, cv2.LINE_AA)
        elif n % 4 == 1:
            cv2.circle(ink, middle, radius, 1.0, radius // 3, cv2.LINE_AA)
        elif n % 4 == 2:
            for dx, dy in ((radius, radius // 4), (radius // 4, radius)):
                x, y = middle
                cv2.rectangle(ink, (x - dx, y - dy), (x + dx, y + dy), 1.0, -1)
        else:
            cv2.circle(ink, middle, radius, 1.0, -1, cv2.LINE_AA)
            cv2.circle(ink, (middle[0] + radius // 2, middle[1]), radius, 0.0, -1, cv2.LINE_AA)
        yield _on_paper(ink, n)


def noise(count: int) -> Iterator[np.ndarray]:
    """Grain and clouds over the whole picture."""
    random = np.random.default_rng(13)
    for n in range(count):
        cells = (4, 8, 24, SIZE)[n % 4]
        coarse = random.uniform(0, 255, (cells, cells)).astype(np.float32)
        grey = cv2.resize(coarse, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC).clip(0, 255)
        yield np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)


def _on_paper(ink: np.ndarray, seed: int) -> np.ndarray:
    """Ink [H, W] in 0..1 of a colour of its own on light paper with some grain: uint8 [H, W, 3]."""
    random = np.random.default_rng(seed)
    colour, paper = random.uniform(10, 120, 3), random.uniform(215, 250)
    scene = paper + (colour - paper) * ink[..., None] + random.normal(0, 3, (*ink.shape, 3))
    return scene.clip(0, 255).round().astype(np.uint8)


KINDS: dict[str, Callable[[int], Iterator[np.ndarray]]] = {
    "garments": garments,
    "digits": digits,
    "photos": photos,
    "letters": letters,
    "shapes": shapes,
    "noise": noise,
}
"""By name: the garments, and what is none."""


if __name__ == "__main__":
    main()
