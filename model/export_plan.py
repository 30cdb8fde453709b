"""What an export shall hold: labels, number, seeds, daring, formats, and the disk that it takes."""

import dataclasses
from typing import Any

from model.config import ModelConfig
from model.export_formats import ENCODERS, plain_number
from model.labels import find_label
from model.latents import MAX_DARING, MAX_SEED

FORMATS = tuple(ENCODERS)
STATE_FILE = "export.json"

_SHARD_IMAGES = 10_000
_SHARD_BYTES = 64_000_000
_BLOCK_BYTES = 4096  # what a small file takes of a disk


class ExportError(ValueError):
    """An export that cannot start or go on; the message names the folder and what to do."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExportPlan:
    """All that decides the bytes of an export."""

    labels: tuple[int, ...]
    count: int
    seed: int = 0
    daring: float = 1.0
    formats: tuple[str, ...] = FORMATS
    generator_sha256: str = ""
    shard_images: int = _SHARD_IMAGES

    def __post_init__(self) -> None:
        if not self.labels or len(set(self.labels)) < len(self.labels):
            raise ValueError(f"labels must name one class or more, each once, not {self.labels}")
        if not all(0 <= label <= 255 for label in self.labels):
            raise ValueError(f"labels must be in 0..255, not {self.labels}")
        if type(self.count) is not int or self.count < 1:
            raise ValueError(f"count must be at least 1, not {self.count}")
        if type(self.seed) is not int or not 0 <= self.seed <= MAX_SEED - self.count + 1:
            raise ValueError(
                f"seed must be in 0..{MAX_SEED - self.count + 1} for count {self.count}, "
                f"not {self.seed}"
            )
        if not 0 <= self.daring <= MAX_DARING:
            raise ValueError(f"daring must be in 0..{MAX_DARING}, not {self.daring}")
        unknown = [name for name in self.formats if name not in FORMATS]
        if unknown or not self.formats or len(set(self.formats)) < len(self.formats):
            raise ValueError(
                f"formats must be of {', '.join(FORMATS)}, each once, not {', '.join(self.formats)}"
            )
        if self.shard_images < 1:
            raise ValueError(f"shard_images must be at least 1, not {self.shard_images}")

    @property
    def daring_text(self) -> str:
        """The daring in as few digits as name it exactly."""
        return plain_number(self.daring)

    @property
    def shards(self) -> int:
        """Number of shards."""
        return -(-self.count // self.shard_images)

    def places(self, shard: int) -> range:
        """Numbers of the pictures of a shard."""
        start = shard * self.shard_images
        return range(start, min(start + self.shard_images, self.count))

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, as it stands in `export.json`."""
        fields = dataclasses.asdict(self)
        return {key: list(v) if isinstance(v, tuple) else v for key, v in fields.items()}


def parse_labels(text: str, config: ModelConfig) -> tuple[int, ...]:
    """Labels of "all" or of names and numbers with commas between: "dress, casaco, 7".

    Raises:
        ValueError: no such class, or one given twice.
    """
    if text.strip().casefold() == "all":
        return tuple(range(max(config.num_classes, 1)))
    labels = tuple(find_label(part, config) for part in text.split(","))
    if len(set(labels)) < len(labels):
        raise ValueError(f"labels must name every class once, not {text!r}")
    return labels


def shard_size(config: ModelConfig) -> int:
    """Pictures of a shard that keep it within some 64 MB of pixels."""
    return max(1, min(_SHARD_IMAGES, _SHARD_BYTES // picture_bytes(config)))


def picture_bytes(config: ModelConfig) -> int:
    """Bytes of the pixels of one picture."""
    return config.image_size**2 * config.image_channels


def estimated_bytes(plan: ExportPlan, config: ModelConfig, images: int) -> int:
    """Disk that so many pictures take, rather too much than too little."""
    raw = picture_bytes(config) + 120
    of_a_file = -(-raw // _BLOCK_BYTES) * _BLOCK_BYTES
    each = {"folder": of_a_file + 80, "idx": raw, "parquet": raw}
    return images * sum(each[name] for name in plan.formats)
