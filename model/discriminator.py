"""The discriminator, which the page calls the critic: img, label -> logit."""

import itertools

import torch
from torch import nn

from model.config import ModelConfig
from model.layers import leaky_relu

SLOPE = 0.1


class Discriminator(nn.Module):
    """Strided convolutions, sum pooling and a projection head (Eq. 3, arXiv 1802.05637).

    The layers here are plain: training wraps them in spectral normalisation and folds it back into
    the weights when it saves, so that a reader of the folder needs to know nothing of it.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        widths = config.discriminator_widths
        layers = [nn.Conv2d(config.image_channels, widths[0], 3, padding=1)]
        for width, wider in itertools.pairwise(widths):
            layers.append(nn.Conv2d(width, wider, 4, stride=2, padding=1))
            layers.append(nn.Conv2d(wider, wider, 3, padding=1))
        self.layers = nn.ModuleList(layers)
        self.head = nn.Linear(widths[-1], 1)
        self.embed = nn.Embedding(config.num_classes, widths[-1]) if config.num_classes else None
        for module in (*self.layers, self.head):
            nn.init.orthogonal_(module.weight)
            nn.init.zeros_(module.bias)
        if self.embed is not None:
            nn.init.orthogonal_(self.embed.weight)

    def features(self, img: torch.Tensor) -> torch.Tensor:
        """Img [N, C, H, W] in [-1, 1] -> [N, width]: what the critic sees before it judges."""
        x = img.contiguous(memory_format=torch.channels_last)
        for layer in self.layers:
            x = leaky_relu(layer(x), SLOPE)
        return x.float().sum((2, 3))

    def forward(self, img: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        """Img [N, C, H, W] in [-1, 1], c [N] -> logits [N]; higher means more like a real garment."""
        h = self.features(img)
        logits: torch.Tensor = self.head(h)[:, 0]
        return logits if self.embed is None else logits + (self.embed(c) * h).sum(1)
