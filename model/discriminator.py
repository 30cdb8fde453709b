"""The discriminator, which the page calls the critic: img, label -> logit."""

import itertools
import math
from collections.abc import Callable

import torch
from torch import nn

from model.config import ModelConfig
from model.layers import group_spread, leaky_relu

SLOPE = 0.1
MOST_SPREAD = 16
"""Channels in which a spread is shown; where a width is not a multiple of it, fewer."""


class Discriminator(nn.Module):
    """Strided convolutions, sum pooling and a projection head (Eq. 3, arXiv 1802.05637).

    Before the second layer of its smaller sizes it is shown how much the garments of each class
    differ from each other: without that, a class of many kinds was drawn as a few. While it trains,
    this is measured in the batch; afterwards the spreads of real garments, stored with it, stand
    in, so that its opinion of a picture cannot depend on the picture's neighbours.

    The layers here are plain: training wraps them in spectral normalisation and folds it back into
    the weights when it saves, so that a reader of the folder needs to know nothing of it.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        widths = config.discriminator_widths
        self.groups = max(config.num_classes, 1)
        layers = [nn.Conv2d(config.image_channels, widths[0], 3, padding=1)]
        self._shown: dict[int, str] = {}  # number of a layer, name of the stored spread
        size = config.image_size
        for width, wider in itertools.pairwise(widths):
            layers.append(nn.Conv2d(width, wider, 4, stride=2, padding=1))
            layers.append(nn.Conv2d(wider, wider, 3, padding=1))
            size //= 2
            if size < config.base_size << config.spread_sizes:
                spread = math.gcd(MOST_SPREAD, wider)
                name = "spread" if size == config.base_size else f"spread_{size}"
                self._shown[len(layers) - 1] = name
                self.register_buffer(name, torch.zeros(self.groups, spread, size, size))
                # In place of the plain one, not instead of it: the preset's seed has drawn both
                # since its first run, and a run must begin with the same weights.
                layers[-1] = nn.Conv2d(wider + spread, wider, 3, padding=1)
        self.layers = nn.ModuleList(layers)
        self.head = nn.Linear(widths[-1], 1)
        self.embed = nn.Embedding(config.num_classes, widths[-1]) if config.num_classes else None
        self.embed_kind = (
            nn.Embedding(config.num_classes * config.kinds, widths[-1])
            if config.kind_splits
            else None
        )
        for module in (*self.layers, self.head):
            nn.init.orthogonal_(module.weight)
            nn.init.zeros_(module.bias)
        if self.embed is not None:
            nn.init.orthogonal_(self.embed.weight)
        if self.embed_kind is not None:
            nn.init.orthogonal_(self.embed_kind.weight)

    def features(
        self, img: torch.Tensor, c: torch.Tensor, made: torch.Tensor | None = None
    ) -> torch.Tensor:
        """What the critic sees before it judges: arguments as of `forward` -> [N, width]."""
        origin = self.group_of(c)
        if made is None:
            seen = self._see(img, lambda name, _: getattr(self, name)[origin])
        else:
            group = origin + self.groups * made
            seen = self._see(
                img, lambda name, x: self._measure(name, x, group, 2 * self.groups)[group]
            )
        return seen[-1].float().sum((2, 3))

    def forward(
        self,
        img: torch.Tensor,
        c: torch.Tensor,
        made: torch.Tensor | None = None,
        wrong: torch.Tensor | None = None,
        kind: torch.Tensor | None = None,
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
            kind: which kind of its class each picture is meant to be, [N]. Without it, no kind
                weighs more than another.
        """
        h = self.features(img, c, made)
        logits: torch.Tensor = self.head(h)[:, 0]
        if self.embed is None:
            return logits
        own: torch.Tensor = logits + (self._asked(self.embed(c), c, kind) * h).sum(1)
        if wrong is None:
            return own
        count = len(wrong)
        asked = self._asked(self.embed(wrong), wrong, None if kind is None else kind[:count])
        return torch.cat((own, logits[:count] + (asked * h[:count]).sum(1)))

    def _asked(
        self, rows: torch.Tensor, c: torch.Tensor, kind: torch.Tensor | None
    ) -> torch.Tensor:
        """The projection head's rows [N, width] of labels c [N], with those of kinds [N] added."""
        if self.embed_kind is None:
            return rows
        kinds: torch.Tensor = self.embed_kind.weight.view(-1, self.config.kinds, rows.shape[1])
        return rows + (kinds.mean(1)[c] if kind is None else kinds[c, kind])

    def look(self, img: torch.Tensor) -> list[torch.Tensor]:
        """What each layer but the last sees of a garment of no known class: [N, C', H', W'] each.

        The mean of the stored spreads stands in for that of a class.
        """
        return self._see(
            img, lambda name, _: getattr(self, name).mean(0, keepdim=True), len(self.layers) - 1
        )

    def class_spread(self, img: torch.Tensor, c: torch.Tensor) -> dict[str, torch.Tensor]:
        """Spread of each class among real pictures, by name: [classes or 1, channels, H', W']."""
        group, found = self.group_of(c), {}

        def measure(name: str, x: torch.Tensor) -> torch.Tensor:
            found[name] = self._measure(name, x, group, self.groups)
            return found[name][group]

        self._see(img, measure)
        return found

    def _see(
        self,
        img: torch.Tensor,
        spread: Callable[[str, torch.Tensor], torch.Tensor],
        layers: int | None = None,
    ) -> list[torch.Tensor]:
        """What the first layers, or all, make of img [N, C, H, W]; the last [N, width, base, base].

        `spread` tells from the name and from what has been seen what some layers are shown beside
        it, [N or 1, channels, H', W'].
        """
        seen, x = [], img.contiguous(memory_format=torch.channels_last)
        for number, layer in enumerate(self.layers[:layers]):
            if name := self._shown.get(number):
                beside = spread(name, x).to(x.dtype).expand(len(x), -1, -1, -1)
                x = torch.cat((x, beside), dim=1).contiguous(memory_format=torch.channels_last)
            x = leaky_relu(layer(x), SLOPE)
            seen.append(x)
        return seen

    def group_of(self, c: torch.Tensor) -> torch.Tensor:
        """Groups [N] within which variety is measured: the labels c, or one group without classes."""
        return c if self.config.num_classes else torch.zeros_like(c)

    def _measure(
        self, name: str, x: torch.Tensor, group: torch.Tensor, groups: int
    ) -> torch.Tensor:
        """Spread of each group of pictures in this batch, [groups, channels, H', W'].

        Where there are four times as many places, a quarter of the channels is measured: what costs
        time is to write and read them.
        """
        channels = getattr(self, name).shape[1]
        share = x.shape[1] * self.config.base_size**2 // (x.shape[2] * x.shape[3])
        measured = max(share // channels, 1) * channels
        return group_spread(x[:, :measured], group, groups, channels)
