"""What can be judged: a model folder that draws garments, or a folder of pictures by class."""

import contextlib
import dataclasses
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tqdm import tqdm

from model.generator import Generator
from model.latents import broadcast, map_seeds
from model.pixels import to_pixels
from model.weights import CONFIG_FILE, load_generator
from training.data import DataError

_BATCH = 100
_PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".bmp"}
_REPLACE = "replace it or take it out"
_MODES = {1: "L", 3: "RGB"}


@dataclasses.dataclass(frozen=True)
class Sampled:
    """Class-balanced pictures: `pixels` uint8 [N, H, W, C], `labels` int64 [N], 0 1 2 ... 0 1 2."""

    pixels: np.ndarray
    labels: np.ndarray


@dataclasses.dataclass(frozen=True)
class Subject:
    """A folder to be judged; `generator` is None for a folder of pictures."""

    folder: Path
    class_names: tuple[str, ...]
    shape: tuple[int, int, int]
    generator: Generator | None

    def draw(self, count: int, first_seed: int) -> Sampled:
        """`count` pictures at daring 1, or the first ones of the folder.

        Raises:
            ValueError: too few pictures, or one that is not finite or of another kind.
        """
        labels = np.arange(count) % max(len(self.class_names), 1)
        if self.generator is None:
            return Sampled(_read(self.folder, self.class_names, self.shape, labels), labels)
        seeds = range(first_seed, first_seed + count)
        return Sampled(draw(self.generator, labels, seeds, str(self.folder)), labels)


def open_subject(
    folder: Path, class_names: tuple[str, ...], shape: tuple[int, int, int]
) -> Subject:
    """The model folder or the folder of pictures that is to be compared with such garments.

    Args:
        folder: with a `config.json`, or with one sub-folder a class, named by label number or name.
        class_names: of the real garments.
        shape: [H, W, C] of the real garments.

    Raises:
        ValueError: naming what does not fit the real garments.
    """
    if not folder.is_dir():
        raise DataError(f"no such folder: {folder}")
    if not (folder / CONFIG_FILE).is_file():
        if not any(path.is_dir() for path in folder.iterdir()):
            raise DataError(
                f"{folder} is neither a model folder ({CONFIG_FILE} is missing) nor one of pictures "
                "(no sub-folder for each class, such as 8 or Bag)"
            )
        return Subject(folder, class_names, shape, None)
    generator = load_generator(folder)
    config = generator.config
    made = (config.image_size, config.image_size, config.image_channels)
    if made != shape:
        raise ValueError(
            f"{folder} draws {_kind(made)} pictures, the garments are {_kind(shape)}: only models "
            "of Fashion-MNIST can be judged"
        )
    if config.class_names != class_names:
        raise ValueError(
            f"{folder}: class_names are {config.class_names}, those of the garments {class_names}: "
            "only models of Fashion-MNIST can be judged"
        )
    return Subject(folder, class_names, shape, generator)


@torch.inference_mode()
def draw(generator: Generator, labels: np.ndarray, seeds: Sequence[int], title: str) -> np.ndarray:
    """uint8 pixels [N, H, W, C] of one garment for each label and seed, at daring 1.

    Raises:
        ValueError: a picture is not finite; it is named by seed and label.
    """
    parts = []
    with tqdm(total=len(labels), desc=title, leave=False, disable=None) as bar:
        for start in range(0, len(labels), _BATCH):
            some, part = labels[start : start + _BATCH], seeds[start : start + _BATCH]
            w = map_seeds(generator, some.tolist(), part)
            img = generator.synthesis(broadcast(generator, w))
            bad = (~img.isfinite()).flatten(1).any(1)
            if bad.any():
                row = int(bad.nonzero()[0])
                raise ValueError(
                    f"{title}: seed {part[row]}, label {some[row]} is not finite; the weights have "
                    "diverged or are damaged: give an earlier snapshot, or save the model again"
                )
            parts.append(to_pixels(img))
            bar.update(len(some))
    return np.concatenate(parts)


def picture_faults(subject: Subject, count: int, instead: str = "") -> list[str]:
    """What would keep `count` pictures of a folder from being drawn, as far as their headers tell.

    The first picture of another kind, and the first class with too few, for which `instead` is
    what else can be done; empty if all is well.
    """
    labels = np.arange(count) % len(subject.class_names)
    faults: dict[str, str] = {}
    try:
        places = _class_folders(subject.folder, subject.class_names)
    except DataError as error:
        return [str(error)]
    for label, (place, name) in enumerate(zip(places, subject.class_names, strict=True)):
        paths, needed = _pictures(place), int((labels == label).sum())
        if len(paths) < needed:
            faults.setdefault("few", _too_few(place, name, len(paths), needed) + instead)
        for path in paths[:needed]:
            try:
                with _opened(path, subject.shape):
                    pass
            except DataError as error:
                faults.setdefault("kind", str(error))
                break
    return [faults[name] for name in ("kind", "few") if name in faults]


def _read(
    folder: Path, class_names: tuple[str, ...], shape: tuple[int, int, int], labels: np.ndarray
) -> np.ndarray:
    """Pictures of a folder in the order of labels [N], pixels [N, H, W, C]."""
    places = _class_folders(folder, class_names)
    pixels = np.empty((len(labels), *shape), dtype=np.uint8)
    for label, (place, name) in enumerate(zip(places, class_names, strict=True)):
        rows, paths = np.flatnonzero(labels == label), _pictures(place)
        if len(paths) < len(rows):
            raise DataError(_too_few(place, name, len(paths), len(rows)))
        for row, path in zip(rows, paths[: len(rows)], strict=True):
            pixels[row] = _read_picture(path, shape)
    return pixels


def _pictures(place: Path) -> list[Path]:
    return sorted(path for path in place.rglob("*") if path.suffix.lower() in _PICTURES)


def _too_few(place: Path, name: str, count: int, needed: int) -> str:
    return f"{place} holds {count:,} pictures of {name}; {needed:,} are needed: add more"


def _class_folders(folder: Path, class_names: tuple[str, ...]) -> list[Path]:
    """The sub-folder of each class: its name starts with the label's number, or is the class's."""
    found: dict[int, Path] = {}
    by_name = {_plain(name): label for label, name in enumerate(class_names)}
    for path in sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")):
        number = re.match(r"\d+", path.name)
        label = int(number[0]) if number else by_name.get(_plain(path.name), -1)
        if not 0 <= label < len(class_names) or label in found:
            raise DataError(
                f"{path}: not the folder of one of the classes {', '.join(class_names)}"
            )
        found[label] = path
    if missing := [name for label, name in enumerate(class_names) if label not in found]:
        raise DataError(f"{folder} has no sub-folder for {missing[0]!r}; add one with its pictures")
    return [found[label] for label in range(len(class_names))]


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", name.casefold())


def _read_picture(path: Path, shape: tuple[int, int, int]) -> np.ndarray:
    with _opened(path, shape) as image:
        try:
            return np.asarray(image).reshape(shape)
        except (OSError, SyntaxError, ValueError) as error:  # the header was whole
            raise DataError(f"{path} is damaged ({error}); {_REPLACE}") from error


@contextlib.contextmanager
def _opened(path: Path, shape: tuple[int, int, int]) -> Iterator[Image.Image]:
    """A picture of which only the header was read, and found to be of this shape."""
    try:
        image = Image.open(path)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(f"not a readable picture: {path} ({error}); {_REPLACE}") from error
    with image:
        size = (image.height, image.width)
        if size != shape[:2] or image.mode != _MODES[shape[2]]:
            colour = "grayscale" if shape[2] == 1 else "RGB"
            raise DataError(
                f"{path} is {image.width} × {image.height} {image.mode}, the garments are "
                f"{_kind(shape)}: convert them to {colour} {shape[1]} × {shape[0]} PNG"
            )
        yield image


def _kind(shape: tuple[int, int, int]) -> str:
    return f"{shape[1]} × {shape[0]} {'grey' if shape[2] == 1 else 'RGB'}"
