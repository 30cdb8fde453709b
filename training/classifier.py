"""python -m training.classifier: train the classifier C, which judges garments and never trains a GAN.

It learns from the 55,000 training garments; choices were made on the 5,000 held out, and the test
garments are looked at once, for the report.
"""

import argparse
import dataclasses
import datetime as dt
import json
import shlex
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval
from tqdm import tqdm

from model.classifier import (
    SHIPPED_CLASSIFIER,
    Classifier,
    ClassifierConfig,
    ConvLayer,
    class_logits,
    load_classifier,
    predict_labels,
    save_classifier,
)
from model.config import FASHION_MNIST_CLASSES
from model.pixels import to_img
from model.storage import write_atomically
from training.data import ImageSet, batch_indices, batch_noise, load_fashion_mnist
from training.hardware import describe_machine, keep_freed_memory

__all__ = ["Classifier", "class_logits", "load_classifier", "predict_labels", "train_classifier"]

METRICS_FILE = "metrics.json"
_SHOES = ("Sandal", "Sneaker", "Ankle boot")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Schedule:
    """How a classifier is trained: momentum SGD, its rate rising over a tenth, then falling to zero."""

    epochs: int = 16
    batch_size: int = 128
    learning_rate: float = 0.1
    weight_decay: float = 5e-4
    smoothing: float = 0.05
    max_shift: int = 2
    seed: int = 0
    bf16: bool = True
    compile: bool = True

    def rate(self, step: int, steps: int) -> float:
        """Learning rate of a step."""
        warm = max(steps // 10, 1)
        return self.learning_rate * min((step + 1) / warm, (steps - step) / (steps - warm + 1))


def train_classifier(
    data: ImageSet, config: ClassifierConfig, schedule: Schedule | None = None
) -> Classifier:
    """Fit a classifier to `data`; its batch normalisation is folded into the convolutions."""
    schedule = schedule or Schedule()
    with torch.random.fork_rng(devices=[]):  # initialisation, without a trace outside
        torch.manual_seed(schedule.seed)
        network = Classifier(config)
    for module in network.modules():
        if isinstance(module, ConvLayer):
            module.norm = nn.BatchNorm2d(module.conv.out_channels)
    _fit(network.to(memory_format=torch.channels_last).train(), data, schedule)
    network.eval().requires_grad_(False)
    for module in network.modules():
        if isinstance(module, ConvLayer) and isinstance(module.norm, nn.BatchNorm2d):
            module.conv = fuse_conv_bn_eval(module.conv, module.norm)
            module.norm = nn.Identity()
    return network.requires_grad_(False)


def _fit(network: Classifier, data: ImageSet, schedule: Schedule) -> None:
    optimizer = torch.optim.SGD(
        network.parameters(),
        schedule.learning_rate,
        momentum=0.9,
        nesterov=True,
        weight_decay=schedule.weight_decay,
    )

    def loss_of(img: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=schedule.bf16):
            logits = network(img)
        return F.cross_entropy(logits.float(), label, label_smoothing=schedule.smoothing)

    loss_of = torch.compile(loss_of) if schedule.compile else loss_of
    turnable = torch.tensor([name not in _SHOES for name in data.class_names])
    steps = schedule.epochs * len(data) // schedule.batch_size
    for step in tqdm(range(steps), desc="classifier", disable=None):
        start = step * schedule.batch_size
        picked = batch_indices(len(data), schedule.seed, start, schedule.batch_size)
        label = data.labels[picked]
        noise = batch_noise(schedule.seed, start, (3, schedule.batch_size), stream=1)
        img = augment(to_img(data.pixels[picked]), turnable[label], noise, schedule.max_shift)
        loss = loss_of(img, label)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        for group in optimizer.param_groups:
            group["lr"] = schedule.rate(step, steps)
        optimizer.step()


def augment(
    img: torch.Tensor, turnable: torch.Tensor, noise: np.ndarray, max_shift: int
) -> torch.Tensor:
    """Shift img [N, C, H, W] by up to `max_shift` pixels each way; mirror half of the turnable.

    Args:
        img: in [-1, 1]; black moves in.
        turnable: bool [N]; shoes are not, as all of them face left.
        noise: standard normal [3, N], the only source of chance.
        max_shift: pixels.
    """
    size = img.shape[-1]
    places = torch.arange(size)
    share = torch.special.ndtr(torch.from_numpy(noise[:2]))  # uniform in 0..1
    offsets = (share * (2 * max_shift + 1)).long().clamp(0, 2 * max_shift)  # [2, N]
    padded = F.pad(img, (max_shift,) * 4, value=-1.0)
    rows, columns = offsets[:, :, None] + places  # [N, size] each
    mirrored = turnable & (torch.from_numpy(noise[2]) > 0)
    columns = torch.where(mirrored[:, None], columns.flip(1), columns)
    every = torch.arange(len(img))[:, None, None]
    moved = padded.permute(0, 2, 3, 1)[every, rows[:, :, None], columns[:, None, :]]
    return moved.permute(0, 3, 1, 2)  # channels_last in memory


def accuracy(classifier: nn.Module, data: ImageSet) -> float:
    """Share of `data` whose class is recognised."""
    right = predict_labels(classifier, data.pixels.numpy()) == data.labels.numpy()
    return float(right.mean())


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    keep_freed_memory()
    parser = argparse.ArgumentParser(prog="python -m training.classifier", description=__doc__)
    parser.add_argument("--out", type=Path, default=SHIPPED_CLASSIFIER, metavar="FOLDER")
    parser.add_argument("--epochs", type=int, default=Schedule.epochs)
    parser.add_argument("--seed", type=int, default=Schedule.seed)
    parser.add_argument("--no-test", action="store_true", help="report held-out garments only")
    options = parser.parse_args(arguments)
    given = arguments if arguments is not None else sys.argv[1:]
    try:
        schedule = Schedule(epochs=options.epochs, seed=options.seed)
        config = ClassifierConfig(class_names=FASHION_MNIST_CLASSES)
        save_classifier(
            options.out, train_classifier(load_fashion_mnist("train"), config, schedule)
        )
        classifier = load_classifier(options.out)  # as it is shipped, in half precision
        figures = {}
        for name in ("heldout",) if options.no_test else ("heldout", "test"):
            data = load_fashion_mnist("heldout" if name == "heldout" else "test")
            figures[f"accuracy_{name}"] = {
                "value": accuracy(classifier, data),
                "samples": len(data),
                "against": name,
                "date": dt.datetime.now(dt.UTC).date().isoformat(),
                "machine": describe_machine(),
                "command": shlex.join(["python", "-m", "training.classifier", *given]),
            }
        content = json.dumps({**figures, "schedule": dataclasses.asdict(schedule)}, indent=2)
        write_atomically(options.out / METRICS_FILE, (content + "\n").encode())
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for name, figure in figures.items():
        print(f"{name} {figure['value']:.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
