"""Sums over one-hot blocks as matrix products, for the inner loops.

`Blocks` adds by owner, which torch does one element at a time. A product with the incidence of positions and blocks
does more arithmetic and takes less time, as long as there are few blocks.
"""

import torch
from torch import Tensor

from equipoise.networks.blocks import Blocks

DENSE = 64  # blocks up to which the product is the faster way
# Sums of exponentials within these bounds need no maximum taken off first: nothing has overflown, and what has
# vanished is less than float32 resolves of its sum.
SAFE = (1e-20, 1e30)


class BlockSums:
    """Softmax and log-sum-exp of the blocks of encoded rows, without gradients.

    Parameters
    ----------
    blocks : Blocks
    """

    def __init__(self, blocks: Blocks) -> None:
        self.blocks = blocks
        self.n_blocks = blocks.n_blocks
        self.incidence: Tensor | None = None
        if blocks.n_blocks <= DENSE:
            self.incidence = torch.zeros(len(blocks.owner), blocks.n_blocks)
            self.incidence.scatter_(1, blocks.owner[:, None], 1.0)

    def exponentials(
        self, logits: Tensor, powers: Tensor | None = None, sums: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Give exponentials of the logits, their sums over blocks, and the maxima taken off before, if any.

        Shape: (B, P) to (B, P), (B, J) and (B, J); the first two go to `powers` and `sums` if given.
        """
        powers = torch.exp(logits, out=powers)
        sums = self.add(powers, sums)
        if not len(logits):
            return powers, sums, None
        least, most = torch.aminmax(sums)
        if float(least) > SAFE[0] and float(most) < SAFE[1]:
            return powers, sums, None
        top, _ = self.blocks.largest(logits)
        torch.sub(logits, top.index_select(1, self.blocks.owner), out=powers).exp_()
        return powers, self.add(powers, sums), top

    def softmax(self, logits: Tensor) -> Tensor:
        """Give the probabilities of each block. Shape: (B, P) to (B, P)."""
        powers, sums, _ = self.exponentials(logits)
        return powers.mul_(self.spread(sums.reciprocal_()))

    def add(self, values: Tensor, out: Tensor | None = None) -> Tensor:
        """Add up each block. Shape: (B, P) to (B, J)."""
        if self.incidence is not None:
            return torch.mm(values, self.incidence.to(values.dtype), out=out)
        if out is None:
            out = values.new_empty(len(values), self.n_blocks)
        return out.zero_().index_add_(1, self.blocks.owner, values)

    def spread(self, values: Tensor, out: Tensor | None = None) -> Tensor:
        """Give each position the value of its block. Shape: (B, J) to (B, P)."""
        if self.incidence is not None:
            return torch.mm(values, self.incidence.to(values.dtype).T, out=out)
        return torch.index_select(values, 1, self.blocks.owner, out=out)
