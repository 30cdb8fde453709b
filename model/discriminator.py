"""The discriminator, which the page calls the critic: img, label -> logit."""

import itertools

import torch
from torch import nn

from model.config import ModelConfig
from model.layers import ABL, group_spread, leaky_relu

SLOPE = 0.1


class Discriminator(nn.Module):
    """Strided convolutions, sum pooling and a projection head (Eq. 3, arXiv 1802.05637).

    Before its last layer it is shown how much the garments of each class differ from each other:
    without that, a class of many kinds was drawn as a few. While it trains, this is measured in the
    batch; afterwards the `spread` of real garments, stored with it, stands in, so that its opinion
    of a picture cannot depend on the picture's neighbours.

    The layers here are plain: training wraps them in spectral normalisation and folds it back into
    the weights when it saves, so that a reader of the folder needs to know nothing of it.
    """

    spread: torch.Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        widths = config.discriminator_widths
        self.groups = max(config.num_classes, 1)
        spread = config.spread_channels
        layers = [nn.Conv2d(config.image_channels, widths[0], 3, padding=1)]
        for width, wider in itertools.pairwise(widths):
            layers.append(nn.Conv2d(width, wider, 4, stride=2, padding=1))
            layers.append(nn.Conv2d(wider, wider, 3, padding=1))
        layers[-1] = nn.Conv2d(widths[-1] + spread, widths[-1], 3, padding=1)
        self.mid = 16 if "spread14" in ABL else 0
        if self.mid:  # before the second layer of the middle size
            layers[2] = nn.Conv2d(widths[1] + self.mid, widths[1], 3, padding=1)
            self.register_buffer("spread_mid", torch.zeros(self.groups, self.mid, 14, 14))
        self.layers = nn.ModuleList(layers)
        size = config.base_size
        self.register_buffer("spread", torch.zeros(self.groups, spread, size, size))
        self.head = nn.Linear(widths[-1], 1)
        self.embed = nn.Embedding(config.num_classes, widths[-1]) if config.num_classes else None
        for module in (*self.layers, self.head):
            nn.init.orthogonal_(module.weight)
            nn.init.zeros_(module.bias)
        if self.embed is not None:
            nn.init.orthogonal_(self.embed.weight)

    def features(
        self, img: torch.Tensor, c: torch.Tensor, made: torch.Tensor | None = None
    ) -> torch.Tensor:
        """What the critic sees before it judges: arguments as of `forward` -> [N, width]."""
        x = self._trunk(img, c, made)
        spread = self.spread[self.group_of(c)] if made is None else self._measure(x, c, made)
        x = torch.cat((x, spread.to(x.dtype)), dim=1)
        x = x.contiguous(memory_format=torch.channels_last)
        x = leaky_relu(self.layers[-1](x), SLOPE)
        return x.float().sum((2, 3))

    def forward(
        self,
        img: torch.Tensor,
        c: torch.Tensor,
        made: torch.Tensor | None = None,
        wrong: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Logits [N]; higher means more like a real garment of its class.

        Args:
            img: [N, C, H, W] in [-1, 1].
            c: labels [N].
            made: 1 where the generator made the picture and 0 where it is real, [N]. With it the
                spread of each class is measured in this batch, made and real ones apart, and
                pictures depend on their neighbours: for training only.
            wrong: labels [M] that the first M pictures do not have. The logits are then [N + M],
                the last M of those pictures under these labels. Needs classes.
        """
        h = self.features(img, c, made)
        logits: torch.Tensor = self.head(h)[:, 0]
        if self.embed is None:
            return logits
        own: torch.Tensor = logits + (self.embed(c) * h).sum(1)
        if wrong is None:
            return own
        count = len(wrong)
        return torch.cat((own, logits[:count] + (self.embed(wrong) * h[:count]).sum(1)))

    def class_spread(self, img: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        """Spread of each class among real pictures: [classes or 1, channels, base, base]."""
        return group_spread(
            self._trunk(img), self.group_of(c), self.groups, self.config.spread_channels
        )

    def _trunk(self, img: torch.Tensor, c=None, made=None) -> torch.Tensor:
        """All layers but the last: [N, C, H, W] -> [N, width, base, base]."""
        x = img.contiguous(memory_format=torch.channels_last)
        for i, layer in enumerate(self.layers[:-1]):
            if i == 2 and self.mid:
                if c is None or made is None:
                    s = x.new_zeros(len(x), self.mid, 14, 14)
                else:
                    group = self.group_of(c) + self.groups * made
                    s = group_spread(x[:, :32] if 's14q' in ABL else x, group, 2 * self.groups, self.mid)[group]
                x = torch.cat((x, s.to(x.dtype)), 1).contiguous(memory_format=torch.channels_last)
            x = leaky_relu(layer(x), SLOPE)
        return x

    def group_of(self, c: torch.Tensor) -> torch.Tensor:
        """Groups [N] within which variety is measured: the labels c, or one group without classes."""
        return c if self.config.num_classes else torch.zeros_like(c)

    def _measure(self, x: torch.Tensor, c: torch.Tensor, made: torch.Tensor) -> torch.Tensor:
        """Spread of each picture's class and origin in this batch, [N, channels, H, W]."""
        group = self.group_of(c) + self.groups * made
        return group_spread(x, group, 2 * self.groups, self.config.spread_channels)[group]
