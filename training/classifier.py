"""A small classifier of real garments: the judge of whether an edit keeps the class."""

import dataclasses
import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save
from torch import nn
from torch.nn import functional as F

from model.storage import write_atomically
from training.data import ImageSet, batch_indices, load_fashion_mnist

_FORMAT = 1
_JUDGE_BATCH = 250


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClassifierConfig:
    """Shape and training of the classifier; the learning rate falls linearly to zero."""

    widths: tuple[int, ...] = (32, 64, 96)
    hidden: int = 128
    dropout: float = 0.3
    epochs: int = 5
    batch_size: int = 100
    learning_rate: float = 2e-3
    seed: int = 0

    def digest(self) -> str:
        """Name of this configuration for a cache."""
        fields = {"format": _FORMAT, **dataclasses.asdict(self)}
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:16]


class Classifier(nn.Module):
    """3x3 convolutions, each followed by a halving, and two dense layers.

    Without batch normalisation: it would be most of the time on a CPU, and buys little here.
    """

    def __init__(self, config: ClassifierConfig, data_shape: tuple[int, int, int], classes: int):
        super().__init__()
        channels, height, width = data_shape
        layers: list[nn.Module] = []
        for wider in config.widths:
            layers += [nn.Conv2d(channels, wider, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
            channels, height, width = wider, height // 2, width // 2
        self.features = nn.Sequential(*layers)
        self.hidden = nn.Linear(channels * height * width, config.hidden)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(config.hidden, classes)

    def forward(self, img: torch.Tensor) -> torch.Tensor:
        """Img [N, C, H, W] in [-1, 1] -> logits [N, classes]."""
        x = self.features(img.contiguous(memory_format=torch.channels_last))
        x = self.dropout(F.relu(self.hidden(x.flatten(1))))
        logits: torch.Tensor = self.head(x)
        return logits


def train_classifier(data: ImageSet, config: ClassifierConfig) -> Classifier:
    """Fit a classifier to `data`; the same data and configuration give the same weights."""
    with torch.random.fork_rng(devices=[]):  # dropout and initialisation, without a trace outside
        torch.manual_seed(config.seed)
        return _fit(data, config)


def _fit(data: ImageSet, config: ClassifierConfig) -> Classifier:
    height, width, channels = data.pixels.shape[1:]
    network = Classifier(config, (channels, height, width), len(data.class_names))
    network = network.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), config.learning_rate, weight_decay=1e-2)
    steps = config.epochs * len(data) // config.batch_size
    for step in range(steps):
        start = step * config.batch_size
        picked = batch_indices(len(data), config.seed, start, config.batch_size)
        loss = F.cross_entropy(network(_to_img(data.pixels[picked])), data.labels[picked])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * (1 - step / steps)
        optimizer.step()
    return network.eval().requires_grad_(False)


@torch.inference_mode()
def class_logits(classifier: Classifier, pixels: np.ndarray) -> torch.Tensor:
    """uint8 pixels [N, H, W, C] -> logits [N, classes]."""
    parts = [
        classifier(_to_img(torch.from_numpy(pixels[start : start + _JUDGE_BATCH])))
        for start in range(0, len(pixels), _JUDGE_BATCH)
    ]
    return torch.cat(parts) if parts else torch.empty(0, classifier.head.out_features)


def predict_labels(classifier: Classifier, pixels: np.ndarray) -> np.ndarray:
    """uint8 pixels [N, H, W, C] -> the likeliest label [N]."""
    labels: np.ndarray = class_logits(classifier, pixels).argmax(1).numpy()
    return labels


def load_or_train_classifier(
    cache_dir: Path, config: ClassifierConfig | None = None
) -> tuple[Classifier, float]:
    """The Fashion-MNIST classifier and its accuracy on the held-out garments.

    Trained on the 55,000 training garments only; kept in `cache_dir` under the configuration's
    digest, so a changed configuration is trained anew.

    Raises:
        DataError: Fashion-MNIST is missing or damaged.
    """
    config = config or ClassifierConfig()
    path = cache_dir / f"classifier-{config.digest()}.safetensors"
    heldout = load_fashion_mnist("heldout")
    if path.is_file():
        height, width, channels = heldout.pixels.shape[1:]
        classifier = Classifier(config, (channels, height, width), len(heldout.class_names))
        classifier.load_state_dict(load_file(path))
        classifier.eval().requires_grad_(False)
    else:
        classifier = train_classifier(load_fashion_mnist("train"), config)
        path.parent.mkdir(parents=True, exist_ok=True)
        state = {name: value.contiguous() for name, value in classifier.state_dict().items()}
        write_atomically(path, save(state))
    right = predict_labels(classifier, heldout.pixels.numpy()) == heldout.labels.numpy()
    return classifier, float(right.mean())


def _to_img(pixels: torch.Tensor) -> torch.Tensor:
    return pixels.permute(0, 3, 1, 2).float() / 127.5 - 1
