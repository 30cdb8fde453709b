"""What decides the shape of the two networks."""

import dataclasses
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

FORMAT_VERSION = 4
"""Version of the model folder; one that is not known is refused, never guessed at.

Versions 2 and 3 are read too: what they could not choose is as `_SINCE` tells.
"""

_SINCE = {3: {"spread_sizes": 1}, 4: {"kind_splits": 0}}
"""Fields that a version added, with what held before."""

FASHION_MNIST_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

_BOUNDS = {
    "image_size": (4, 1024),
    "image_channels": (1, 3),
    "base_size": (2, 32),
    "z_dim": (1, 1024),
    "class_dim": (1, 1024),
    "w_dim": (1, 1024),
    "mapping_layers": (0, 16),
    "base_width": (1, 2048),
    "spread_sizes": (1, 8),
    "kind_splits": (0, 8),
}
_MAX_WIDTH = 2048
_MAX_CLASSES = 10_000


class ConfigError(ValueError):
    """A configuration that cannot be built; the message names the field and its value."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Shape of a generator and of its discriminator.

    `image_size` is `base_size * 2**k` and both width tuples have `k` or `k + 1` entries: the
    generator's from the first upsampling to full size, the discriminator's from full size down to
    the base. With no `class_names` the networks are unconditional.
    """

    image_size: int = 28
    image_channels: int = 1
    base_size: int = 7
    class_names: tuple[str, ...] = FASHION_MNIST_CLASSES
    z_dim: int = 64
    class_dim: int = 64
    w_dim: int = 96
    mapping_layers: int = 2
    base_width: int = 96
    generator_widths: tuple[int, ...] = (128, 64)
    discriminator_widths: tuple[int, ...] = (64, 128, 256)
    spread_sizes: int = 1
    """At how many sizes, from the base up and below full size, the discriminator is shown how much
    the garments of each class differ; where there are fewer, at all."""
    kind_splits: int = 0
    """How many times each class is halved into kinds that the networks are told apart
    (`model.kinds`)."""

    def __post_init__(self) -> None:
        for name, (low, high) in _BOUNDS.items():
            value = getattr(self, name)
            if type(value) is not int or not low <= value <= high:
                raise ConfigError(f"{name} must be a whole number in {low}..{high}, not {value!r}")
        if self.image_channels == 2:
            raise ConfigError("image_channels must be 1 or 3, not 2")
        scale = self.image_size / self.base_size
        if scale < 2 or not math.log2(scale).is_integer():
            raise ConfigError(
                f"image_size must be base_size * 2**k with k >= 1, "
                f"not image_size={self.image_size} with base_size={self.base_size}"
            )
        self._check_widths("generator_widths", self.doublings)
        self._check_widths("discriminator_widths", self.doublings + 1)
        self._check_class_names()
        if self.kind_splits and not self.class_names:
            raise ConfigError(f"kind_splits must be 0 without class_names, not {self.kind_splits}")
        if self.kind_splits > self.z_dim:
            raise ConfigError(
                f"kind_splits must be at most z_dim={self.z_dim}, not {self.kind_splits}"
            )

    def _check_widths(self, name: str, count: int) -> None:
        widths = getattr(self, name)
        if not isinstance(widths, tuple) or len(widths) != count:
            raise ConfigError(f"{name} must have {count} entries at this size, not {widths!r}")
        if not all(type(width) is int and 1 <= width <= _MAX_WIDTH for width in widths):
            raise ConfigError(f"{name} must hold whole numbers in 1..{_MAX_WIDTH}, not {widths!r}")

    def _check_class_names(self) -> None:
        names = self.class_names
        if not isinstance(names, tuple) or not all(isinstance(n, str) and n for n in names):
            raise ConfigError(f"class_names must be non-empty strings, not {names!r}")
        if len(names) > _MAX_CLASSES or any(len(name) > 200 for name in names):
            raise ConfigError(f"class_names has more than {_MAX_CLASSES} names or a very long one")
        if len(set(names)) != len(names):
            raise ConfigError(f"class_names must differ from each other, not {names!r}")

    @property
    def doublings(self) -> int:
        """How often the base doubles to reach the full size."""
        return round(math.log2(self.image_size / self.base_size))

    @property
    def num_classes(self) -> int:
        """Number of classes, 0 when unconditional."""
        return len(self.class_names)

    @property
    def kinds(self) -> int:
        """Number of kinds in each class, 1 where they are not told apart."""
        return 1 << self.kind_splits

    @property
    def num_layers(self) -> int:
        """Number L of modulated layers: the base, two for each doubling, the output."""
        return 2 + 2 * self.doublings

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, as it stands in `config.json`."""
        return write_fields(self, FORMAT_VERSION)

    def difference(self, other: "ModelConfig") -> tuple[str, Any, Any] | None:
        """The first field in which two shapes differ, with the value here and there; None if none."""
        ours, theirs = self.to_dict(), other.to_dict()
        fields = ((name, ours[name], theirs[name]) for name in ours)
        return next((field for field in fields if field[1] != field[2]), None)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "ModelConfig":
        """Parse `config.json` strictly: unknown or missing keys and other versions are errors.

        Raises:
            ConfigError: naming the offending key and value.
        """
        given = fields.get("format_version")
        if given in (2, 3):
            added = {k: v for since, new in _SINCE.items() if since > given for k, v in new.items()}
            if early := sorted(added.keys() & fields.keys()):
                raise ConfigError(f"unknown key {early[0]!r} in format_version {given}")
            fields = {**fields, **added, "format_version": FORMAT_VERSION}
        return cls(**read_fields(cls, fields, FORMAT_VERSION))


def write_fields(config: "DataclassInstance", version: int) -> dict[str, Any]:
    """JSON-able form of a frozen configuration, with the version of its format."""
    fields = dataclasses.asdict(config)
    lists = {key: list(v) if isinstance(v, tuple) else v for key, v in fields.items()}
    return {"format_version": version, **lists}


def read_fields(
    kind: "type[DataclassInstance]", fields: Mapping[str, Any], version: int
) -> dict[str, Any]:
    """What `write_fields` wrote, as arguments of `kind`, parsed strictly.

    Raises:
        ConfigError: naming an unknown or missing key, or another version.
    """
    known = {field.name for field in dataclasses.fields(kind)}
    given = fields.get("format_version")
    if given != version:
        raise ConfigError(f"format_version must be {version}, not {given!r}")
    keys = set(fields) - {"format_version"}
    if unknown := sorted(keys - known):
        raise ConfigError(f"unknown key {unknown[0]!r}")
    if missing := sorted(known - keys):
        raise ConfigError(f"missing key {missing[0]!r}")
    return {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items() if k in known}
