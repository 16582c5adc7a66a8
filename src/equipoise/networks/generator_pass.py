"""Rows of a generator in training and the gradients of its parameters, by hand.

The network is small, so that a general machine of gradients spends much of a step on bookkeeping: each part of a wide
result has a gradient of full width, mostly zeros. Here all layers write theirs into one wide matrix. A condition has a
one in one or two places, so its product with the weights is a look-up, and so is the way back. A test holds the
gradients to those of torch.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from equipoise.networks.adversarial import EPSILON, MOMENTUM, Generator

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

    Parameters
    ----------
    generator : Generator
        Its parameters have gradients, which `backward` writes.
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
        waiting = torch.addmm(self._bias, z, own.weights[0][:, : own.noise].T)
        waiting += functional.embedding_bag(places, self._by_place, mode="sum")
        for k, n in enumerate(own.hidden):
            before = waiting[:, :n].contiguous()
            by_batch = own.training and len(z) > 1
            after, mean, inverse = torch.native_batch_norm(
                before, own.scales[k], own.shifts[k], own.get_buffer(f"mean{k}"),
                own.get_buffer(f"variance{k}"), by_batch, MOMENTUM, EPSILON,
            )  # fmt: skip
            self._layers.append(_Layer(before, mean, inverse, by_batch, after.relu_()))
            waiting = torch.addmm(waiting[:, n:], after, own.weights[k + 1].T)
        return waiting

    @torch.no_grad()
    def backward(self, gradient: Tensor) -> None:
        """Set the gradients of the parameters from that by the raw rows given last. Shape: (B, R)."""
        own = self.generator
        start = sum(own.hidden)
        wide = gradient.new_empty(len(gradient), start + gradient.shape[1])  # layers side by side
        wide[:, start:] = gradient
        for k in range(len(own.hidden) - 1, -1, -1):
            layer, above = self._layers[k], wide[:, start:]
            torch.mm(above.T, layer.after, out=own.weights[k + 1].grad)
            back = threshold_backward(above @ own.weights[k + 1], layer.after, 0)
            back, scale, shift = batch_norm_backward(
                back, layer.before, own.scales[k], own.get_buffer(f"mean{k}"),
                own.get_buffer(f"variance{k}"), layer.mean, layer.inverse, layer.by_batch, EPSILON,
                [True, True, True],
            )  # fmt: skip
            _write(own.scales[k], scale)
            _write(own.shifts[k], shift)
            wide[:, start - own.hidden[k] : start] = back
            start -= own.hidden[k]
        none = len(self._by_place) - 1
        by_place = sum(
            embedding_backward(wide, places, none + 1, none, False) for places in self._places.T
        )
        _write(own.weights[0], torch.cat([wide.T @ self._z, by_place[:none].T], dim=1))
        parts = wide.sum(dim=0).split([bias.numel() for bias in own.biases])
        for bias, part in zip(own.biases, parts, strict=True):
            _write(bias, part[None])


def _write(parameter: Tensor, gradient: Tensor) -> None:
    if parameter.grad is None:
        raise ValueError("the generator's parameters have no gradients to write to")
    parameter.grad.copy_(gradient)
