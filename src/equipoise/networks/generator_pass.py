"""Rows of a generator in training and the gradients of its parameters, by hand.

The network is small, so that a general machine of gradients spends much of a step on bookkeeping: each part of a wide
result has a gradient of full width, mostly zeros. Here all layers write theirs into one wide matrix. A condition has a
one in one or two places, so its product with the weights is a look-up, and so is the way back. A test holds the
gradients to those of torch.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from equipoise.networks.adversarial import EPSILON, MOMENTUM, Generator, gradient_of

threshold_backward = torch.ops.aten.threshold_backward
batch_norm_backward = torch.ops.aten.native_batch_norm_backward
embedding_backward = torch.ops.aten.embedding_dense_backward


@dataclass
class _Layer:
    """What a hidden layer got and gave, (B, n) both, the moments of the batch, and whether they were used."""

    before: Tensor
    mean: Tensor
    inverse: Tensor
    by_batch: bool
    after: Tensor


class GeneratorPass:
    """Forward and backward through a generator whose conditions come as places of ones.

    Weights of the conditions are kept by place: whenever the generator has moved, `refresh` is to be called.

    Parameters
    ----------
    generator : Generator
        Its running moments move forward, and the gradients of its parameters are written backward, as torch would.
    """

    def __init__(self, generator: Generator) -> None:
        self.generator = generator
        self.refresh()

    @torch.no_grad()
    def refresh(self) -> None:
        """Take the weights of the conditions anew, by place, once the generator has moved; the last place is none."""
        weight = self.generator.weights[0][:, self.generator.noise :]
        self._by_place = weight.new_zeros(weight.shape[1] + 1, len(weight))
        self._by_place[:-1] = weight.T
        self._bias = torch.cat(list(self.generator.biases), dim=1)

    @torch.no_grad()
    def forward(self, z: Tensor, places: Tensor) -> Tensor:
        """Give raw rows. Shape: (B, noise) and (B, k), the places of ones in a condition, to (B, R)."""
        own = self.generator
        self._z, self._places, self._layers = z, places, list[_Layer]()
        waiting = self._by_place.index_select(0, places[:, 0]).add_(self._bias)
        for others in places.T[1:]:
            waiting += self._by_place.index_select(0, others)
        torch.addmm(waiting, z, own.weights[0][:, : own.noise].T, out=waiting)
        for k, n in enumerate(own.hidden):
            before, waiting = waiting[:, :n].contiguous(), waiting[:, n:]
            by_batch = own.training and len(z) > 1
            after, mean, inverse = torch.native_batch_norm(
                before, own.scales[k], own.shifts[k], own.get_buffer(f"mean{k}"),
                own.get_buffer(f"variance{k}"), by_batch, MOMENTUM, EPSILON,
            )  # fmt: skip
            self._layers.append(_Layer(before, mean, inverse, by_batch, after.relu_()))
            torch.addmm(waiting, after, own.weights[k + 1].T, out=waiting)
        return waiting.contiguous()

    @torch.no_grad()
    def backward(self, gradient: Tensor) -> None:
        """Set the gradients of the parameters from that by the raw rows given last. Shape: (B, R)."""
        own = self.generator
        start = sum(own.hidden)
        wide = gradient.new_empty(len(gradient), start + gradient.shape[1])  # layers side by side
        wide[:, start:] = gradient
        for k in range(len(own.hidden) - 1, -1, -1):
            layer, above = self._layers[k], wide[:, start:]
            torch.mm(above.T, layer.after, out=gradient_of(own.weights[k + 1]))
            back = threshold_backward(above @ own.weights[k + 1], layer.after, 0)
            back, scale, shift = batch_norm_backward(
                back, layer.before, own.scales[k], own.get_buffer(f"mean{k}"),
                own.get_buffer(f"variance{k}"), layer.mean, layer.inverse, layer.by_batch, EPSILON,
                [True, True, True],
            )  # fmt: skip
            gradient_of(own.scales[k]).copy_(scale)
            gradient_of(own.shifts[k]).copy_(shift)
            wide[:, start - own.hidden[k] : start] = back
            start -= own.hidden[k]
        first = gradient_of(own.weights[0])
        torch.mm(wide.T, self._z, out=first[:, : own.noise])
        none = len(self._by_place) - 1
        first[:, own.noise :] = sum(
            embedding_backward(wide, places, none + 1, none, False) for places in self._places.T
        )[:none].T
        parts = wide.sum(dim=0).split([bias.numel() for bias in own.biases])
        for bias, part in zip(own.biases, parts, strict=True):
            gradient_of(bias).copy_(part[None])
