"""Spectral normalisation (arXiv 1802.05957) of a plain discriminator's weights.

Kept outside the network: the model folder then holds ordinary weights, and the arithmetic stays in
fp32 whatever the precision of the convolutions.
"""

import torch
from torch import nn
from torch.nn import functional as F


class SpectralNorm:
    """One power iteration a step for every weight matrix of `network`."""

    def __init__(self, network: nn.Module, seed: int) -> None:
        self.network = network
        self.names = [name for name, p in network.named_parameters() if p.ndim > 1]
        device = next(network.parameters()).device
        random = torch.Generator().manual_seed(seed)
        self.u = {
            name: F.normalize(torch.randn(len(p), generator=random), dim=0).to(device)
            for name, p in network.named_parameters()
            if name in self.names
        }
        self.v: dict[str, torch.Tensor] = {}
        for _ in range(20):
            self.iterate()

    @torch.no_grad()
    def iterate(self) -> None:
        """Bring the singular vectors one step closer to those of the present weights."""
        parameters = dict(self.network.named_parameters())
        for name in self.names:
            matrix = parameters[name].flatten(1)
            self.v[name] = F.normalize(matrix.T @ self.u[name], dim=0)
            self.u[name] = F.normalize(matrix @ self.v[name], dim=0)

    def weights(self, hold: float = 1.0) -> dict[str, torch.Tensor]:
        """All parameters, each matrix divided by its largest singular value; differentiable.

        With `hold` that value is raised to a power first: 0 lets the matrices be.
        """
        parameters = dict(self.network.named_parameters())
        return {
            name: p / self._largest(name, p) ** hold if hold and name in self.u else p
            for name, p in parameters.items()
        }

    def _largest(self, name: str, p: torch.Tensor) -> torch.Tensor:
        return torch.dot(self.u[name], p.flatten(1) @ self.v[name])

    def state_dict(self) -> dict[str, dict[str, torch.Tensor]]:
        """Singular vectors, for a checkpoint."""
        return {"u": dict(self.u), "v": dict(self.v)}

    def load_state_dict(self, state: dict[str, dict[str, torch.Tensor]]) -> None:
        """Take the vectors of a checkpoint."""
        self.u, self.v = dict(state["u"]), dict(state["v"])
