"""CAS: how well a classifier that saw only these pictures knows real garments (arXiv 1905.10887).

The classifier is the small CNN by which the literature on private generators compares: 3x3
convolutions of 32, 64 and 128 channels, pooling after the first two, dropout, one hidden layer.
Nothing is chosen: the weights after the last step count, for synthetic and for real rows alike.
"""

import dataclasses
import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from tqdm import tqdm

from model.classifier import predict_labels
from model.config import ConfigError
from model.pixels import to_img
from training.cache import replacing, tell_damaged
from training.config import Precision
from training.data import CACHE_DIR, ImageSet, batch_indices
from training.hardware import bf16_is_faster


@dataclasses.dataclass(frozen=True, kw_only=True)
class CasConfig:
    """The CNN and its training. `precision` changes the speed and, within rounding, nothing else.

    It runs eager: compiled, a step took 1.6 times as long (measured with torch 2.14 on AMX), as the
    backward pass of the pooling is then scalar.
    """

    epochs: int = 20
    min_steps: int = 0
    """At least as many steps, so that a hundred pictures train a classifier as long as others."""
    batch_size: int = 128
    learning_rate: float = 3e-4
    dropout: float = 0.5
    widths: tuple[int, int, int] = (32, 64, 128)
    hidden: int = 128
    precision: Precision = "auto"

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "hidden"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.precision not in ("auto", "fp32", "bf16"):
            raise ConfigError(f"precision must be auto, fp32 or bf16, not {self.precision!r}")
        if self.min_steps < 0:
            raise ConfigError(f"min_steps must be at least 0, not {self.min_steps}")
        if not self.learning_rate > 0:
            raise ConfigError(f"learning_rate must be above 0, not {self.learning_rate}")
        if not 0 <= self.dropout <= 0.9:
            raise ConfigError(f"dropout must be in 0..0.9, not {self.dropout}")

    def steps(self, count: int) -> int:
        """Steps of a training on `count` pictures."""
        return max(-(-self.epochs * count // self.batch_size), self.min_steps)


@dataclasses.dataclass(frozen=True)
class CasScore:
    """Share of the test pictures that are recognised, in all and of each class in label order."""

    accuracy: float
    by_class: tuple[float, ...]


class CasNetwork(nn.Module):
    """img [N, C, H, W] -> class logits [N, classes]."""

    def __init__(self, config: CasConfig, channels: int, size: int, classes: int) -> None:
        super().__init__()
        first, second, third = config.widths
        self.conv1 = nn.Conv2d(channels, first, 3, padding=1)
        self.conv2 = nn.Conv2d(first, second, 3, padding=1)
        self.conv3 = nn.Conv2d(second, third, 3, padding=1)
        self.hidden = nn.Linear(third * (size // 4) ** 2, config.hidden)
        self.head = nn.Linear(config.hidden, classes)

    def forward(self, img: torch.Tensor, kept: torch.Tensor | None = None) -> torch.Tensor:
        """Img [N, C, H, W] in [-1, 1] -> logits [N, classes].

        In training `kept` [N, features] scales the features, those that dropout takes to zero.
        """
        # Pooled first, as max and ReLU commute: a quarter of the work.
        x = F.relu(F.max_pool2d(self.conv1(img.contiguous(memory_format=torch.channels_last)), 2))
        x = F.relu(F.max_pool2d(self.conv2(x), 2))
        x = F.relu(self.conv3(x)).flatten(1)
        x = x if kept is None else x * kept
        logits: torch.Tensor = self.head(F.relu(self.hidden(x)))
        return logits


def cas_score(
    pixels: np.ndarray,
    labels: np.ndarray,
    test: ImageSet,
    seed: int,
    config: CasConfig | None = None,
    title: str = "CAS",
) -> CasScore:
    """Train the CNN on these pictures and judge it on `test`.

    Args:
        pixels: uint8 [N, H, W, C], as large and with as many channels as the test pictures.
        labels: class numbers [N].
        test: real pictures.
        seed: of the first weights, the order and the dropout; same seed, machine and number of
            threads, same score.
        config: the CNN and its training.
        title: of the progress bar.

    Raises:
        ValueError: naming the argument and its value.
    """
    config = config or CasConfig()
    _check(pixels, labels, test, seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        size, channels = pixels.shape[1], pixels.shape[3]
        network = CasNetwork(config, channels, size, len(test.class_names))
    _fit(network.to(memory_format=torch.channels_last), pixels, labels, seed, config, title)
    truth = test.labels.numpy()
    right = predict_labels(network.eval(), test.pixels.numpy()) == truth
    classes = range(len(test.class_names))
    by_class = tuple(
        float(right[truth == label].mean()) if (truth == label).any() else float("nan")
        for label in classes
    )
    return CasScore(float(right.mean()), by_class)


def cached_cas(
    pixels: np.ndarray,
    labels: np.ndarray,
    test: ImageSet,
    seed: int,
    config: CasConfig | None = None,
    title: str = "CAS",
    cache_dir: Path = CACHE_DIR,
) -> CasScore:
    """`cas_score`, kept on disk by pictures, seed and configuration: for what is asked for again.

    A damaged file is told of and computed again.
    """
    config = config or CasConfig()
    plain = dataclasses.replace(config, min_steps=0)
    same = plain.steps(len(pixels)) == config.steps(len(pixels))  # the minimum changes nothing
    known = dataclasses.asdict(plain if same else config)
    digest = hashlib.sha256(json.dumps([known, seed]).encode())
    for array in (pixels, labels.astype(np.int64), test.pixels.numpy(), test.labels.numpy()):
        digest.update(np.ascontiguousarray(array).tobytes())
    path = cache_dir / f"cas-{digest.hexdigest()[:16]}.json"
    if path.is_file():
        try:
            return _read_score(path, len(test.class_names))
        except (ValueError, KeyError, TypeError, OSError) as error:
            tell_damaged(path, error)
    score = cas_score(pixels, labels, test, seed, config, title)
    with replacing(path) as file:
        file.write(json.dumps(dataclasses.asdict(score)).encode())
    return score


def _read_score(path: Path, classes: int) -> CasScore:
    stored = json.loads(path.read_text(encoding="utf-8"))
    score = CasScore(float(stored["accuracy"]), tuple(float(v) for v in stored["by_class"]))
    if not 0 <= score.accuracy <= 1 or len(score.by_class) != classes:
        raise ValueError(f"no score of {classes} classes")
    return score


def _check(pixels: np.ndarray, labels: np.ndarray, test: ImageSet, seed: int) -> None:
    shape = tuple(test.pixels.shape[1:])
    if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[1:] != shape:
        raise ValueError(f"pixels must be uint8 [N, {shape}], not {pixels.dtype} {pixels.shape}")
    if labels.shape != (len(pixels),) or not len(pixels):
        raise ValueError(f"labels must be [N] with N = {len(pixels)} > 0, not {labels.shape}")
    if labels.min() < 0 or labels.max() >= len(test.class_names):
        raise ValueError(
            f"labels must be in 0..{len(test.class_names) - 1}, not {labels.min()}..{labels.max()}"
        )
    if seed < 0:
        raise ValueError(f"seed must be at least 0, not {seed}")


def _fit(
    network: CasNetwork,
    pixels: np.ndarray,
    labels: np.ndarray,
    seed: int,
    config: CasConfig,
    title: str,
) -> None:
    size, bf16 = config.batch_size, config.precision == "bf16"
    if config.precision == "auto":
        bf16 = bf16_is_faster()
    optimizer = torch.optim.Adam(network.parameters(), config.learning_rate, fused=True)
    label = torch.from_numpy(labels.astype(np.int64))
    dtype = torch.bfloat16 if bf16 else torch.float32
    for step in tqdm(range(config.steps(len(pixels))), desc=title, leave=False, disable=None):
        picked = batch_indices(len(pixels), seed, step * size, size)
        img = to_img(torch.from_numpy(pixels[picked]))
        kept = _kept((size, network.hidden.in_features), config.dropout, seed, step).to(dtype)
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            logits = network(img, kept)
        loss = F.cross_entropy(logits.float(), label[picked])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def _kept(shape: tuple[int, int], dropout: float, seed: int, step: int) -> torch.Tensor:
    """Mask of dropout from bytes: a fifth of the time of a step was spent on better randomness."""
    threshold = round(256 * dropout)
    bits = np.random.Generator(np.random.Philox(key=[seed, step]))
    drawn = torch.from_numpy(bits.integers(0, 256, shape, dtype=np.uint8))
    return drawn.ge(threshold).float() * (256 / (256 - threshold))
