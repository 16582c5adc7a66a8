"""Low-rank adapters: a large layer is frozen, and a product of two thin matrices is learnt beside it.

E. J. Hu et al., LoRA: low-rank adaptation of large language models, arXiv:2106.09685, equation 3: h = W x + (a / r) B A
x with A random and B zero, so that training starts from the layer as it is. Written from the paper; no dropout.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn


class Thin(nn.Module):
    """The two thin matrices: B A x, where B is zero at first. Shape: (..., n_in) to (..., n_out)."""

    def __init__(self, n_in: int, n_out: int, rank: int, generator: torch.Generator) -> None:
        super().__init__()
        self.down = nn.Parameter(torch.empty(rank, n_in))
        self.up = nn.Parameter(torch.zeros(n_out, rank))
        with torch.no_grad():
            self.down.uniform_(-(n_in**-0.5), n_in**-0.5, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        """Work in the precision of the adapter, which may be finer than that of the layer."""
        return (x.to(self.down.dtype) @ self.down.T @ self.up.T).to(x.dtype)


class LowRank(nn.Module):
    """A frozen layer with its adapter.

    Parameters
    ----------
    layer : nn.Module
        Has a weight matrix: of shape (out, in) if it is an `nn.Linear`, else (in, out).
    rank : int
    scale : float
    generator : torch.Generator
    """

    def __init__(
        self, layer: nn.Module, rank: int, scale: float, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.layer, self.scale = layer.requires_grad_(False), scale
        self.is_linear = isinstance(layer, nn.Linear)
        n_out, n_in = self.weight.shape if self.is_linear else self.weight.T.shape
        self.thin = Thin(n_in, n_out, rank, generator).to(self.weight.device)

    @property
    def weight(self) -> Tensor:
        """The frozen matrix, whose dtype some models ask for."""
        return self.layer.get_parameter("weight")

    def forward(self, x: Tensor) -> Tensor:
        """Shape: (..., n_in) to (..., n_out)."""
        return self.layer(x) + self.scale * self.thin(x)

    @torch.no_grad()
    def merged(self) -> nn.Module:
        """Add the adapter to the matrix, and give the layer."""
        product = self.scale * self.thin.up @ self.thin.down
        self.weight.add_((product if self.is_linear else product.T).to(self.weight.dtype))
        return self.layer


def adapt(
    network: nn.Module, paths: Iterable[str], rank: int, scale: float, generator: torch.Generator
) -> nn.ModuleDict:
    """Freeze a network, put adapters on some of its layers, and give what is left to learn."""
    network.requires_grad_(False)
    adapters = nn.ModuleDict()
    for path in paths:
        layer = LowRank(network.get_submodule(path), rank, scale, generator)
        _put(network, path, layer)
        adapters[path.replace(".", "/")] = layer.thin
    return adapters


def merge(network: nn.Module) -> None:
    """Take all adapters of a network into its layers."""
    for path, layer in list(network.named_modules()):
        if isinstance(layer, LowRank):
            _put(network, path, layer.merged())


def _put(network: nn.Module, path: str, layer: nn.Module) -> None:
    parent, _, name = path.rpartition(".")
    setattr(network.get_submodule(parent), name, layer)
