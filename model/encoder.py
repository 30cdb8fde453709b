"""The encoder: a picture to the offset of its w from the mean of its class, and to the class itself.

What it gives is a beginning: `model/inversion.py` goes on from there. A model folder may come
without one; inversion then begins at the means of classes.
"""

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import nn
from torch.nn import functional as F

from model.classifier import residual_layers
from model.config import ModelConfig
from model.storage import (
    ModelFolderError,
    read_description,
    read_tensors,
    refuse,
    write_atomically,
)
from model.weights import ENCODER_FILE, read_config

MAX_ENCODER_BYTES = 4_000_000

_FORMAT_VERSION = 2
_KEY = "encoder"
_MAX_WIDTH = 512
_MAX_BLOCKS = 4
_GRID = 7
_NARROW, _HIDDEN = 32, 256
_METRIC_RANK, _METRIC_NUMBERS = 256, 200_000


@dataclasses.dataclass(frozen=True, kw_only=True)
class EncoderConfig:
    """Shape of an encoder beside its model's: as a classifier's, a width for each halving."""

    widths: tuple[int, ...] = (32, 64, 128)
    blocks: int = 2

    def __post_init__(self) -> None:
        if not 1 <= len(self.widths) <= 8 or not all(
            type(width) is int and 1 <= width <= _MAX_WIDTH for width in self.widths
        ):
            raise ValueError(
                f"widths must be up to 8 numbers in 1..{_MAX_WIDTH}, not {self.widths!r}"
            )
        if type(self.blocks) is not int or not 0 <= self.blocks <= _MAX_BLOCKS:
            raise ValueError(f"blocks must be in 0..{_MAX_BLOCKS}, not {self.blocks!r}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reach:
    """Match errors of real garments that no network saw: their quantiles at 10, 50 and 90 %.

    `one_w` is with one w for all layers, `per_layer` with a w for each; as `match_error` measures.
    `strange` is how strange 98 in 100 of them are at most; None where no real ones were at hand.
    """

    one_w: tuple[float, float, float]
    per_layer: tuple[float, float, float]
    strange: float | None = None


class Encoder(nn.Module):
    """A small residual network, of which `layers` and `classify` are those of a classifier.

    `root` [w_dim, w_dim] gives its answers the spread of w. `metric` [K, L w_dim] is not its own but
    inversion's, which goes on where it ends: what `measure_metric` measured of the generator.
    `usual` [classes, F] and `spread` [F, F] are what it sees in the garments of each class on average
    and how far it strays from that: what `training.familiarity` measured.
    `hidden_share` is the share of pictures that it learnt from with a part hidden, mid grey; 0 for
    one that has only ever seen whole pictures.
    """

    root: torch.Tensor
    metric: torch.Tensor
    usual: torch.Tensor
    spread: torch.Tensor

    def __init__(self, model: ModelConfig, config: EncoderConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or EncoderConfig()
        self.classes = max(model.num_classes, 1)
        self.shape = (model.image_channels, model.image_size, model.image_size)
        self.reach: Reach | None = None
        self.hidden_share = 0.0
        self.layers = residual_layers(model.image_channels, config.widths, config.blocks)
        channels = config.widths[-1]
        self.classify = nn.Linear(channels, self.classes)
        self.narrow = nn.Conv2d(channels, _NARROW, 1)
        self.hidden = nn.Linear(_NARROW * _GRID**2, _HIDDEN)
        self.embed = nn.Parameter(torch.zeros(self.classes, _HIDDEN))
        self.out = nn.Linear(_HIDDEN, model.w_dim)
        self.register_buffer("root", torch.zeros(model.w_dim, model.w_dim))
        width = model.num_layers * model.w_dim
        rank = max(1, min(_METRIC_RANK, width, _METRIC_NUMBERS // width))
        self.register_buffer("metric", torch.zeros(rank, width))
        seen = sum(config.widths)
        self.register_buffer("usual", torch.zeros(self.classes, seen))
        self.register_buffer("spread", torch.zeros(seen, seen))

    def forward(
        self, img: torch.Tensor, c: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Offsets of w from the mean of its class [N, w_dim], and class logits [N, classes].

        Args:
            img: [N, C, H, W] in [-1, 1].
            c: classes [N] as which the pictures are to be read; the likeliest if None.
        """
        x = self.layers(img.contiguous(memory_format=torch.channels_last))
        logits: torch.Tensor = self.classify(x.mean((2, 3)))
        c = logits.argmax(1) if c is None else c
        x = F.relu(self.narrow(F.adaptive_avg_pool2d(x, _GRID)))
        x = F.leaky_relu(self.hidden(x.flatten(1)) + self.embed[c], 0.2)
        offset: torch.Tensor = self.out(x) @ self.root
        return offset, logits

    def seen(self, img: torch.Tensor) -> torch.Tensor:
        """What it sees in pictures at each of its sizes, averaged over the places: [N, F]."""
        x, kept = img.contiguous(memory_format=torch.channels_last), []
        for number, layer in enumerate(self.layers):
            x = layer(x)
            if number % (self.config.blocks + 1) == 0:  # the last layer of its size
                kept.append(x.mean((2, 3)))
        return torch.cat(kept, dim=1)

    def strangeness(self, img: torch.Tensor) -> torch.Tensor:
        """How unlike the garments of every class pictures [N, C, H, W] are, [N]; of garments about 1.

        Squared Mahalanobis distance to the nearest class, over the number of features (arXiv
        1807.03888).
        """
        apart = (self.seen(img)[:, None] - self.usual) @ self.spread
        return apart.square().mean(2).amin(1)


def hide(img: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
    """Img [N, C, H, W] as an encoder is shown it where a part is missing: mid grey, 0, there.

    `hidden` is bool [N, H, W], or [1, H, W] for all.
    """
    return torch.where(hidden[:, None], 0.0, img)


def save_encoder(folder: str | Path, encoder: Encoder, generator_sha256: str) -> None:
    """Write `encoder.safetensors` in a model folder in half precision, whole or not at all.

    Raises:
        ModelFolderError: a weight is beyond half precision, or the file would be over 4 MB.
    """
    path = Path(folder) / ENCODER_FILE
    tensors = {k: v.detach().cpu().half().contiguous() for k, v in encoder.state_dict().items()}
    for name, tensor in tensors.items():
        if not tensor.isfinite().all():
            refuse(path, f"{name} is beyond half precision; nothing was saved")
    described = {
        "format_version": _FORMAT_VERSION,
        "generator_sha256": generator_sha256,
        "widths": list(encoder.config.widths),
        "blocks": encoder.config.blocks,
        "reach": dataclasses.asdict(encoder.reach) if encoder.reach else None,
        "hidden_share": encoder.hidden_share,
    }
    content = save(tensors, metadata={_KEY: json.dumps(described, sort_keys=True)})
    if len(content) > MAX_ENCODER_BYTES:
        refuse(path, f"{len(content):,} bytes; {MAX_ENCODER_BYTES:,} at most. Nothing was saved")
    write_atomically(path, content)


def load_encoder(folder: str | Path, generator_sha256: str | None = None) -> Encoder | None:
    """Encoder of a model folder: fp32, on the CPU, frozen; None if the folder has none.

    Without a digest it may have been another generator's: something to begin a training with.

    Raises:
        ModelFolderError: the file is damaged or another generator's; says what to do.
    """
    path = Path(folder) / ENCODER_FILE
    if not path.exists():
        return None
    described, again = (
        read_description(path, _KEY, MAX_ENCODER_BYTES),
        f"run python -m training.encode {folder}",
    )
    expected = {
        "format_version", "generator_sha256", "widths", "blocks", "reach", "hidden_share",
    }  # fmt: skip
    if set(described) != expected or described["format_version"] != _FORMAT_VERSION:
        refuse(path, f"not an encoder of format_version {_FORMAT_VERSION}: {again}")
    if generator_sha256 is not None and described["generator_sha256"] != generator_sha256:
        refuse(path, f"generator_sha256 is another generator's: {again}")
    try:
        widths = described["widths"]
        if not isinstance(widths, list):
            refuse(path, f"widths must be a list, not {widths!r:.100}")
        config = EncoderConfig(widths=tuple(widths), blocks=described["blocks"])
    except ValueError as error:
        if isinstance(error, ModelFolderError):
            raise
        refuse(path, str(error), error)
    with torch.device("meta"):  # no memory is taken for what may be refused
        network = Encoder(read_config(folder), config)
    shapes = {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}
    network.load_state_dict(read_tensors(path, shapes), strict=True, assign=True)
    network.reach = _parse_reach(path, described["reach"])
    share = described["hidden_share"]
    if not _is_number(share) or not 0 <= share <= 1:
        refuse(path, f"hidden_share must be in 0..1, not {share!r:.100}")
    network.hidden_share = float(share)
    return network.to(memory_format=torch.channels_last).eval().requires_grad_(False)


def _parse_reach(path: Path, given: object) -> Reach | None:
    if given is None:
        return None
    names = {field.name for field in dataclasses.fields(Reach)}
    if not isinstance(given, dict) or set(given) != names:
        refuse(path, f"reach must have the fields {', '.join(sorted(names))}")
    found: dict[str, Any] = {"strange": given["strange"]}
    strange = found["strange"]
    if strange is not None and not (_is_number(strange) and strange > 0):
        refuse(path, f"reach: strange must be above 0 or null, not {strange!r:.100}")
    for name in names - {"strange"}:
        values = given[name]
        if (
            not isinstance(values, list)
            or len(values) != 3
            or not all(_is_number(v) for v in values)
            or not 0 <= values[0] <= values[1] <= values[2]
        ):
            refuse(path, f"reach: {name} must be three rising numbers, not {values!r:.100}")
        found[name] = tuple(float(value) for value in values)
    return Reach(**found)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and type(value) is not bool and math.isfinite(value)
