"""The classifier of garments: img -> class logits, and the features C in which garments are compared."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save
from torch import nn
from torch.nn import functional as F

from model.config import FASHION_MNIST_CLASSES, ConfigError, read_fields, write_fields
from model.pixels import to_img
from model.storage import ModelFolderError, read_json, read_tensors, refuse, write_atomically

FORMAT_VERSION = 1
CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"
SHIPPED_CLASSIFIER = Path(__file__).parent.parent / "weights" / "fashion-mnist-classifier"

_BATCH = 250
_MAX_SIZE = 1024
_MAX_WIDTH = 1024
_MAX_BLOCKS = 8


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClassifierConfig:
    """Shape of a classifier: its first width at full size, each further one at half the size before.

    The last width is the number D of its features.
    """

    image_size: int = 28
    image_channels: int = 1
    class_names: tuple[str, ...] = FASHION_MNIST_CLASSES
    widths: tuple[int, ...] = (32, 64, 128)
    blocks: int = 2

    def __post_init__(self) -> None:
        names, widths, size = self.class_names, self.widths, self.image_size
        if (
            not isinstance(names, tuple)
            or len(names) < 2
            or not all(isinstance(name, str) and name for name in names)
        ):
            raise ConfigError(f"class_names must be two names or more, not {names!r}")
        if (
            not isinstance(widths, tuple)
            or not widths
            or not all(type(width) is int and 1 <= width <= _MAX_WIDTH for width in widths)
        ):
            raise ConfigError(f"widths must be whole numbers in 1..{_MAX_WIDTH}, not {widths!r}")
        if self.image_channels not in (1, 3):
            raise ConfigError(f"image_channels must be 1 or 3, not {self.image_channels!r}")
        if type(self.blocks) is not int or not 0 <= self.blocks <= _MAX_BLOCKS:
            raise ConfigError(f"blocks must be in 0..{_MAX_BLOCKS}, not {self.blocks!r}")
        smallest = 2 ** len(widths)
        if type(size) is not int or not smallest <= size <= _MAX_SIZE:
            raise ConfigError(f"image_size must be in {smallest}..{_MAX_SIZE}, not {size!r}")

    @property
    def features(self) -> int:
        """Number D of features."""
        return self.widths[-1]

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, as it stands in `config.json`."""
        return write_fields(self, FORMAT_VERSION)

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "ClassifierConfig":
        """Parse `config.json` strictly: unknown or missing keys and other versions are errors.

        Raises:
            ConfigError: naming the offending key and value.
        """
        return cls(**read_fields(cls, fields, FORMAT_VERSION))


class ConvLayer(nn.Module):
    """A 3x3 convolution with bias, and a place for a normalisation.

    Training puts a batch normalisation there and folds it into the convolution afterwards, so that
    what is shipped has nothing that a batch could change.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1)
        self.norm: nn.Module = nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """X [N, C, H, W] -> [N, C', H / stride, W / stride]."""
        y: torch.Tensor = self.norm(self.conv(x))
        return y


class ResidualBlock(nn.Module):
    """Two convolutions beside an identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = ConvLayer(channels, channels)
        self.conv2 = ConvLayer(channels, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """X [N, C, H, W] -> the same shape."""
        return F.relu(x + self.conv2(F.relu(self.conv1(x))))


def residual_layers(channels: int, widths: Sequence[int], blocks: int) -> nn.Sequential:
    """A convolution for each width, halving from the second on, and blocks behind each but the first."""
    layers: list[nn.Module] = []
    for index, width in enumerate(widths):
        layers.append(nn.Sequential(ConvLayer(channels, width, 2 if index else 1), nn.ReLU()))
        layers += [ResidualBlock(width) for _ in range(blocks if index else 0)]
        channels = width
    return nn.Sequential(*layers)


class Classifier(nn.Module):
    """A small residual network; `features` is its pooled last layer, in which garments are compared."""

    def __init__(self, config: ClassifierConfig) -> None:
        super().__init__()
        self.config = config
        self.layers = residual_layers(config.image_channels, config.widths, config.blocks)
        channels = config.widths[-1]
        self.head = nn.Linear(channels, len(config.class_names))

    def features(self, img: torch.Tensor) -> torch.Tensor:
        """Img [N, C, H, W] in [-1, 1] -> features [N, D], none below zero."""
        x: torch.Tensor = self.layers(img.contiguous(memory_format=torch.channels_last))
        return x.mean((2, 3))

    def forward(self, img: torch.Tensor) -> torch.Tensor:
        """Img [N, C, H, W] in [-1, 1] -> logits [N, classes]."""
        logits: torch.Tensor = self.head(self.features(img))
        return logits


def load_classifier(folder: str | Path = SHIPPED_CLASSIFIER) -> Classifier:
    """Classifier of a folder: fp32, on the CPU, frozen. Without a folder, the shipped one.

    Raises:
        ModelFolderError: naming the file and the field that are at fault.
    """
    try:
        return _load(Path(folder))
    except ModelFolderError as error:
        raise ModelFolderError(
            f"{error}; restore this classifier from the repository, or train one: "
            f"python -m training.classifier --out {folder}"
        ) from error


def _load(folder: Path) -> Classifier:
    path = folder / CONFIG_FILE
    fields = read_json(path)
    try:
        config = ClassifierConfig.from_dict(fields)
    except (ConfigError, TypeError) as error:
        refuse(path, str(error), error)
    network = Classifier(config)
    shapes = {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}
    tensors = read_tensors(folder / WEIGHTS_FILE, shapes)
    network.load_state_dict(tensors, strict=True, assign=True)
    return network.to(memory_format=torch.channels_last).eval().requires_grad_(False)


def save_classifier(folder: str | Path, classifier: Classifier) -> None:
    """Write `config.json` and the weights, in half precision; each file whole or not at all.

    Raises:
        ModelFolderError: a weight is beyond half precision; nothing was written.
    """
    folder = Path(folder)
    state = {k: v.detach().half().contiguous() for k, v in classifier.state_dict().items()}
    for name, tensor in state.items():
        if not tensor.isfinite().all():
            refuse(folder / WEIGHTS_FILE, f"{name} is beyond half precision; nothing was saved")
    config = json.dumps(classifier.config.to_dict(), indent=2, ensure_ascii=False) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / WEIGHTS_FILE, save(state, metadata={"format": "pt"}))
    write_atomically(folder / CONFIG_FILE, config.encode())


@torch.inference_mode()
def class_logits(classifier: nn.Module, pixels: np.ndarray) -> torch.Tensor:
    """uint8 pixels [N, H, W, C] -> logits [N, classes]."""
    parts = [
        classifier(to_img(torch.from_numpy(pixels[start : start + _BATCH])))
        for start in range(0, max(len(pixels), 1), _BATCH)
    ]
    return torch.cat(parts)


def class_chances(classifier: nn.Module, pixels: np.ndarray) -> np.ndarray:
    """uint8 pixels [N, H, W, C] -> the chance of each class [N, classes], each garment by itself."""
    logits = [class_logits(classifier, pixels[n : n + 1]) for n in range(len(pixels))]
    chances: np.ndarray = torch.cat(logits).softmax(1).numpy()
    return chances


def predict_labels(classifier: nn.Module, pixels: np.ndarray) -> np.ndarray:
    """uint8 pixels [N, H, W, C] -> the likeliest label [N]."""
    labels: np.ndarray = class_logits(classifier, pixels).argmax(1).numpy()
    return labels
