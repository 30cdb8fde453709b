"""Trama's networks: draw, blend and edit garments from seeds.

>>> from model import Generator
>>> pixels = Generator.from_pretrained("weights/fashion-mnist").sample(labels=[3], seeds=[42])
"""

from model.config import ConfigError, ModelConfig
from model.discriminator import Discriminator
from model.generator import Generator

__all__ = ["ConfigError", "Discriminator", "Generator", "ModelConfig"]
