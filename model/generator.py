"""The generator: z, label -> w -> img."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from model.config import ModelConfig
from model.kinds import kind_shares
from model.layers import StyleNorm, SynthesisBlock, leaky_relu

if TYPE_CHECKING:
    from model.directions import Directions


class MappingNetwork(nn.Module):
    """z and label to w: a linear path beside a small perceptron.

    The linear path lets all of z reach the picture from the first step (two slow layers alone
    were measured to cost variety); the perceptron bends it. Where classes have kinds, the signs of
    z's first numbers choose among them.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width = config.z_dim + (config.class_dim if config.num_classes else 0)
        self.embed = (
            nn.Embedding(config.num_classes, config.class_dim) if config.num_classes else None
        )
        self.splits = config.kind_splits
        self.kinds = (
            nn.Embedding(config.num_classes * config.kinds, config.class_dim)
            if config.kind_splits
            else None
        )
        self.linear = nn.Linear(width, config.w_dim)
        layers: list[nn.Module] = []
        for index in range(config.mapping_layers):
            layers += [nn.Linear(config.w_dim if index else width, config.w_dim), nn.LeakyReLU(0.2)]
        if layers:
            layers[-1] = nn.Identity()
        self.mlp = nn.Sequential(*layers) if layers else None

    def forward(self, z: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        """Z [N, z_dim], c [N] -> w [N, w_dim]; only the direction of z matters."""
        z = z * torch.rsqrt(z.square().mean(1, keepdim=True) + 1e-8)
        x = z if self.embed is None else torch.cat((z, self.embed(c) + self._kind(z, c)), dim=1)
        w: torch.Tensor = self.linear(x)
        return w if self.mlp is None else w + self.mlp(x)

    def _kind(self, z: torch.Tensor, c: torch.Tensor) -> torch.Tensor | float:
        """What the kind that z chooses adds to its class, [N, class_dim]."""
        if self.kinds is None:
            return 0.0
        shares = kind_shares(z, self.splits)  # [N, kinds]
        kinds: torch.Tensor = self.kinds.weight.view(
            -1, *shares.shape[1:], self.kinds.embedding_dim
        )
        return (shares[:, :, None] * kinds[c]).sum(1)


class SynthesisNetwork(nn.Module):
    """ws [N, L, w_dim] to img: every layer listens to its own w, so layers can be mixed."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.base_shape = (config.base_width, config.base_size, config.base_size)
        self.base = nn.Linear(config.w_dim, config.base_width * config.base_size**2)
        channels, blocks = config.base_width, []
        for width in config.generator_widths:
            blocks.append(SynthesisBlock(channels, width, config.w_dim))
            channels = width
        self.blocks = nn.ModuleList(blocks)
        self.norm = StyleNorm(channels, config.w_dim)
        self.to_image = nn.Conv2d(channels, config.image_channels, 3, padding=1)

    def forward(self, ws: torch.Tensor, batch_statistics: bool = False) -> torch.Tensor:
        """Ws [N, L, w_dim] -> img [N, C, H, W] in [-1, 1]."""
        x = self.base(ws[:, 0]).unflatten(1, self.base_shape)
        x = x.contiguous(memory_format=torch.channels_last)
        for index, block in enumerate(self.blocks):
            x = block(x, ws[:, 1 + 2 * index : 3 + 2 * index], batch_statistics)
        x = leaky_relu(self.norm(x, ws[:, -1], batch_statistics))
        return torch.tanh(self.to_image(x))


class Generator(nn.Module):
    """Draws garments. `sample` is what most callers want; `forward` is what training wants."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.mapping = MappingNetwork(config)
        self.synthesis = SynthesisNetwork(config)
        self.directions: Directions | None = None
        self.apply(_initialise)

    @property
    def device(self) -> torch.device:
        """Device of the weights."""
        return self.synthesis.base.weight.device

    def forward(
        self, z: torch.Tensor, label: torch.Tensor, batch_statistics: bool = False
    ) -> torch.Tensor:
        """Z [N, z_dim], label [N] -> img [N, C, H, W] in [-1, 1].

        With `batch_statistics` the pictures of a batch depend on each other: for training only.
        """
        ws = self.mapping(z, label)[:, None].expand(-1, self.config.num_layers, -1)
        img: torch.Tensor = self.synthesis(ws, batch_statistics)
        return img

    def sample(
        self, labels: Sequence[int], seeds: Sequence[int], daring: float = 1.0, batch_size: int = 1
    ) -> np.ndarray:
        """One garment for each label and seed.

        Args:
            labels: class numbers, one for each picture (any number when unconditional).
            seeds: whole numbers in 0 .. 2**32 - 1; the same seed is always the same garment.
            daring: truncation psi per class, 0 (the class mean) to 2; 1 leaves w untouched.
            batch_size: pictures in one pass. With 1 a garment is the same, bit for bit, alone and
                among others; larger is faster and may differ by one grey level.

        Returns:
            uint8 pixels [N, H, W, C].

        Raises:
            ValueError: naming the argument and its value.
        """
        from model.latents import map_seeds, render

        w = map_seeds(self, labels, seeds, daring)
        return render(self, w, batch_size)

    @classmethod
    def from_pretrained(
        cls,
        source: str | Path,
        *,
        revision: str | None = None,
        token: str | bool | None = None,
        cache_dir: str | Path | None = None,
        local_files_only: bool = False,
        device: str | torch.device = "cpu",
    ) -> "Generator":
        """Load a model folder, or a model of the Hugging Face Hub given as `user/name`.

        Raises:
            ModelFolderError: naming the file and the field that are at fault.
            HubError: the model is neither on the Hub nor in the cache.
        """
        from model.hub import fetch_model
        from model.weights import load_generator

        folder = fetch_model(
            source,
            revision=revision,
            token=token,
            cache_dir=cache_dir,
            local_files_only=local_files_only,
        )
        return load_generator(folder).to(device)

    def push_to_hub(
        self,
        repo_id: str,
        *,
        private: bool = False,
        token: str | None = None,
        revision: str | None = None,
        commit_message: str = "Upload generator",
    ) -> str:
        """Save this generator as a model folder, upload it, and return the commit's address."""
        from model.hub import push_generator

        return push_generator(
            self,
            repo_id,
            private=private,
            token=token,
            revision=revision,
            commit_message=commit_message,
        )


def _initialise(module: nn.Module) -> None:
    """Orthogonal weights and zero biases; a style starts as a gentle change of the identity."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.orthogonal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Embedding):
        nn.init.normal_(module.weight)
    elif isinstance(module, StyleNorm):
        nn.init.normal_(module.affine.weight, std=0.05)
