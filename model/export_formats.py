"""What a shard of an export is in each format, as bytes and nothing else: pure functions.

A file is either whole (written once, for its shard) or appended to, shard by shard.
"""

import csv
import dataclasses
import gzip
import io
import json
import re
import struct
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

import numpy as np

from model.config import ModelConfig
from model.pixels import to_image, to_png

IMAGES_FOLDER = "images"
LABELS_FILE = "labels.csv"
IDX_IMAGES = "idx/train-images-idx3-ubyte.gz"
IDX_LABELS = "idx/train-labels-idx1-ubyte.gz"
PARQUET_FOLDER = "data"
FLAT_IMAGES = 100_000
"""Above so many pictures the folder of a class has one sub-folder for each shard."""

_COLUMNS = ("file", "label", "class", "seed", "daring")
_BYTE_TYPE = 8  # of an IDX file: unsigned bytes

Files = dict[str, bytes]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Shard:
    """Consecutive pictures: uint8 pixels [N, H, W, C], their labels [N] and seeds [N].

    It is shard `number` of `of`, and all of them hold `count` pictures.
    """

    number: int
    of: int
    count: int
    pixels: np.ndarray
    labels: np.ndarray
    seeds: np.ndarray
    daring: float

    @cached_property
    def pngs(self) -> list[bytes]:
        """Each picture as a PNG file."""
        return [to_png(to_image(picture)) for picture in self.pixels]


@dataclasses.dataclass(frozen=True)
class Encoder:
    """A format: its whole and its appended files, by path, and a check of what it needs."""

    encode: Callable[[Shard, Sequence[str]], tuple[Files, Files]]
    check: Callable[[], None] = lambda: None


def plain_number(value: float) -> str:
    """A number in as few digits as give it back: 1, not 1.0, and all of 0.12345678."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def class_titles(config: ModelConfig) -> tuple[str, ...]:
    """Names of the classes; an unconditional model has one, "garment"."""
    return config.class_names or ("garment",)


def class_folder(label: int, titles: Sequence[str]) -> str:
    """Folder of a class; the number in front keeps alphabetical order that of the labels."""
    slug = re.sub(r"[^a-z0-9]+", "-", titles[label].casefold()).strip("-")
    return f"{label:0{len(str(len(titles) - 1))}d}-{slug or 'class'}"


def image_folder(label: int, shard: int, count: int, titles: Sequence[str]) -> str:
    """Path of the folder with the pictures of a class and shard, of an export of `count`."""
    part = f"/part-{shard:05d}" if count > FLAT_IMAGES else ""
    return f"{IMAGES_FOLDER}/{class_folder(label, titles)}{part}"


def image_name(seed: int) -> str:
    """Name of the file of a picture in its folder."""
    return f"{seed:010d}.png"


def image_path(shard: Shard, place: int, titles: Sequence[str]) -> str:
    """Path of the picture at a place of a shard."""
    folder = image_folder(int(shard.labels[place]), shard.number, shard.count, titles)
    return f"{folder}/{image_name(shard.seeds[place])}"


def image_files(shard: Shard, titles: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Path and content of each picture."""
    for place, content in enumerate(shard.pngs):
        yield image_path(shard, place, titles), content


def _encode_folder(shard: Shard, titles: Sequence[str]) -> tuple[Files, Files]:
    """The list of pictures; they themselves are `image_files`."""
    buffer = io.StringIO()
    table = csv.writer(buffer, lineterminator="\n")
    if not shard.number:
        table.writerow(_COLUMNS)
    for place, (label, seed) in enumerate(zip(shard.labels, shard.seeds, strict=True)):
        path = image_path(shard, place, titles)
        table.writerow((path, label, titles[label], seed, plain_number(shard.daring)))
    return {}, {LABELS_FILE: buffer.getvalue().encode()}


def _encode_idx(shard: Shard, titles: Sequence[str]) -> tuple[Files, Files]:
    """Gzip members, one a shard; together they are one gzip file, as the format allows."""
    del titles
    grey = shard.pixels.shape[-1] == 1
    pictures = shard.pixels[..., 0] if grey else shard.pixels
    contents = {IDX_IMAGES: pictures, IDX_LABELS: shard.labels.astype(np.uint8)}
    appended = {}
    for path, numbers in contents.items():
        sizes = (shard.count, *numbers.shape[1:])
        content = (b"" if shard.number else idx_header(sizes)) + np.ascontiguousarray(
            numbers
        ).tobytes()
        appended[path] = gzip.compress(content, compresslevel=6, mtime=0)
    return {}, appended


def idx_header(sizes: Sequence[int]) -> bytes:
    """Start of an IDX file of bytes with these dimensions."""
    return struct.pack(f">HBB{len(sizes)}I", 0, _BYTE_TYPE, len(sizes), *sizes)


def parquet_path(number: int, of: int) -> str:
    """Path of a shard, as the Hub's `datasets` names it."""
    return f"{PARQUET_FOLDER}/train-{number:05d}-of-{of:05d}.parquet"


def features(titles: Sequence[str]) -> dict[str, dict[str, object]]:
    """Columns as the library `datasets` describes them."""
    return {
        "image": {"_type": "Image"},
        "label": {"names": list(titles), "_type": "ClassLabel"},
        "seed": {"dtype": "int64", "_type": "Value"},
    }


def _encode_parquet(shard: Shard, titles: Sequence[str]) -> tuple[Files, Files]:
    import pyarrow as pa  # the page runs without it
    import pyarrow.parquet as pq

    about = json.dumps({"info": {"features": features(titles)}})
    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    fields = [("image", image), ("label", pa.int64()), ("seed", pa.int64())]
    schema = pa.schema(fields, metadata={"huggingface": about})
    names = [
        f"{label}-{seed:010d}.png" for label, seed in zip(shard.labels, shard.seeds, strict=True)
    ]
    rows = [{"bytes": png, "path": name} for png, name in zip(shard.pngs, names, strict=True)]
    table = pa.table({"image": rows, "label": shard.labels, "seed": shard.seeds}, schema=schema)
    buffer = io.BytesIO()
    pq.write_table(table, buffer, row_group_size=1000)
    return {parquet_path(shard.number, shard.of): buffer.getvalue()}, {}


def _need_pyarrow() -> None:
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise ValueError(
            "formats: parquet needs the package pyarrow: pip install pyarrow, or leave parquet out"
        ) from error


ENCODERS = {
    "folder": Encoder(_encode_folder),
    "idx": Encoder(_encode_idx),
    "parquet": Encoder(_encode_parquet, _need_pyarrow),
}
"""The formats by name."""
