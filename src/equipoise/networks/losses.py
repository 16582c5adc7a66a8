"""Losses of encoded rows: the Gaussian of a scalar, the cross-entropy of a one-hot block, the divergence of a code.

Equations are those of Kingma & Welling, arXiv:1312.6114 (appendix B), and of Xu et al., arXiv:1907.00503 (section 4.4).
Each is given for each row, so that the caller decides how rows are weighted. The constant log(2 pi)/2 of the Gaussian
is left out.
"""

import torch
from torch import Tensor

from equipoise.networks.blocks import Blocks


def gaussian_loss(x: Tensor, mean: Tensor, sigma: Tensor, weight: Tensor) -> Tensor:
    """Give -log N(x; mean, sigma^2) without its constant, times a weight, summed over scalars.

    Shape: x, mean and weight (B, A), sigma (A,); gives (B,).
    """
    return (weight * (((x - mean) / sigma).square() / 2 + torch.log(sigma))).sum(dim=1)


def block_cross_entropy(x: Tensor, raw: Tensor, blocks: Blocks) -> Tensor:
    """Give -log softmax(raw) at the ones of x, summed over blocks.

    Shape: one-hots x (B, P) and logits raw (B, P); gives (B,).
    """
    return blocks.log_sum_exp(raw).sum(dim=1) - (x * raw).sum(dim=1)


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Give KL(N(mean, variance) || N(0, 1)) of each dimension of each code, in nats.

    Shape: (B, L) and (B, L) to (B, L).
    """
    return (mean.square() + log_variance.exp() - 1 - log_variance) / 2
