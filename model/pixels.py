"""Pictures as numbers and as files."""

import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image


def to_pixels(img: torch.Tensor) -> np.ndarray:
    """Img float in [-1, 1] [N, C, H, W] -> uint8 pixels [N, H, W, C], rounded."""
    levels = ((img.float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    pixels: np.ndarray = levels.permute(0, 2, 3, 1).contiguous().cpu().numpy()
    return pixels


def to_img(pixels: torch.Tensor) -> torch.Tensor:
    """uint8 pixels [N, H, W, C] -> img float in [-1, 1] [N, C, H, W]."""
    return pixels.permute(0, 3, 1, 2).float() / 127.5 - 1


def to_image(pixels: np.ndarray) -> Image.Image:
    """uint8 pixels [H, W, C] with 1 or 3 channels -> a Pillow image."""
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def to_png(image: Image.Image, optimize: bool = False) -> bytes:
    """The image as the bytes of a PNG file; `optimize` takes longer and makes fewer."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=optimize)
    return buffer.getvalue()


def grid(pixels: np.ndarray, columns: int, gap: int = 2, scale: int = 2) -> np.ndarray:
    """Sheet of pictures: uint8 [N, H, W, C] -> [H', W', C], row by row, on black."""
    count, height, width, channels = pixels.shape
    rows = -(-count // columns)
    shape = (rows * (height + gap) - gap, columns * (width + gap) - gap, channels)
    sheet = np.zeros(shape, dtype=np.uint8)
    for number, picture in enumerate(pixels):
        top, left = number // columns * (height + gap), number % columns * (width + gap)
        sheet[top : top + height, left : left + width] = picture
    return sheet.repeat(scale, axis=0).repeat(scale, axis=1)


def sheet_scale(image_size: int) -> int:
    """By how much a sheet enlarges pictures of this size: to some 84 pixels, never less than 1."""
    return max(1, 84 // image_size)


def save_png(pixels: np.ndarray, path: str | Path) -> None:
    """Write uint8 pixels [H, W, C] as a PNG file, making its folder."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(to_png(to_image(pixels)))
