"""python -m tests.benchmarks.photo: how well garments are cut out of photograph-like pictures, way by way.

Of each kind of ground, `--count` test garments: intersection over union with the known silhouette
(mean, and the share above 0.85), and of the whole way to the model's pixels the root mean square
error against the garment itself. Beside our way stand its first half alone and plain GrabCut.
"""

import argparse
import time
from collections.abc import Callable

import cv2
import numpy as np

from model.photo import read_photo
from model.photo_cut import (
    WORK_SIDE,
    cut_out,
    frame_of,
    ground_distance,
    largest_part,
    split_level,
)
from model.photo_open import PhotoError
from tests.benchmarks.photo_pictures import GROUNDS, Picture, expected, photograph
from training.data import load_fashion_mnist
from training.hardware import describe_machine


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=30)
    count = parser.parse_args().count
    cv2.setNumThreads(1)
    test = load_fashion_mnist("test")
    pixels, labels = test.pixels.numpy()[..., 0], test.labels.numpy()
    print(f"machine  {describe_machine()}; {count} pictures of each ground")
    places = [int(np.flatnonzero(labels == n % 10)[n // 10 + 5]) for n in range(count)]
    for ground in GROUNDS:
        pictures = [photograph(pixels[place], ground, n) for n, place in enumerate(places)]
        told = [f"{name} {_cutting(way, pictures)}" for name, way in WAYS.items()]
        print(f"{ground:9}", "; ".join((*told, _whole(pictures, pixels[places]))))


def _otsu(pixels: np.ndarray) -> np.ndarray:
    """How far colours are from those of the frame, cut at Otsu's threshold."""
    distance = ground_distance(pixels, frame_of(pixels.shape[:2]))
    return largest_part(distance > split_level(distance)[0])


def _rectangle(pixels: np.ndarray) -> np.ndarray:
    """GrabCut that begins with all but the frame."""
    height, width = pixels.shape[:2]
    edge, mask = round(0.05 * height), np.zeros((height, width), np.uint8)
    around = (edge, edge, width - 2 * edge, height - 2 * edge)
    cv2.setRNGSeed(0)
    back, front = np.zeros((1, 65)), np.zeros((1, 65))
    bgr = np.ascontiguousarray(pixels[..., ::-1])
    cv2.grabCut(bgr, mask, around, back, front, 3, cv2.GC_INIT_WITH_RECT)
    return largest_part((mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD))


def _ours(pixels: np.ndarray) -> np.ndarray:
    return cut_out(pixels).mask


WAYS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "otsu": _otsu,
    "rectangle": _rectangle,
    "ours": _ours,
}


def _cutting(way: Callable[[np.ndarray], np.ndarray], pictures: list[Picture]) -> str:
    found, began = [], time.perf_counter()
    for picture in pictures:
        size = (WORK_SIDE, WORK_SIDE)
        mask = way(cv2.resize(picture.pixels, size, interpolation=cv2.INTER_AREA))
        true = cv2.resize(picture.silhouette.astype(np.uint8), size) > 0
        found.append((mask & true).sum() / max(1, (mask | true).sum()))
    each_ms = 1000 * (time.perf_counter() - began) / len(pictures)
    return f"{np.mean(found):.3f} ({np.mean(np.array(found) > 0.85):.0%}, {each_ms:.0f} ms)"


def _whole(pictures: list[Picture], garments: np.ndarray) -> str:
    errors, missed = [], 0
    for picture, garment in zip(pictures, garments, strict=True):
        try:
            seen = read_photo(picture.to_jpeg()).pixels
        except PhotoError:
            missed += 1
            continue
        apart = (seen.astype(float) - expected(garment)) / 255
        errors.append(float(np.sqrt((apart**2).mean())))
    return f"pixels {np.median(errors):.3f}, refused {missed}"


if __name__ == "__main__":
    main()
