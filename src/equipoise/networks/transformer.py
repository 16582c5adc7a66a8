"""A small decoder-only transformer over rows of tokens, one token a column, in any order of the columns.

A. Vaswani et al., Attention is all you need, arXiv:1706.03762, eq. 1 (attention) and section 3.2.2 (heads); normalised
before each block rather than after (R. Xiong et al., arXiv:2002.04745). The output head is the input embedding (O.
Press and L. Wolf, arXiv:1608.05859). Written from the papers. Departures: a position is told which column it is to
predict, in place of where it stands, and its softmax goes over the tokens of that column only; dropout leaves out the
same dimensions of a sequence at all of its positions.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from equipoise.networks.blocks import linear

FIRST = 0.05  # standard deviation of the first embeddings: the first logits are nearly equal
WAVES = 3  # over the tokens of an ordered column: neighbours are alike at first
PRIOR_ROWS = 2.0  # that a class is taken to have beside its own, at the frequencies of all rows
SMOOTH = 0.9  # the share of these in the variance


class Block(nn.Module):
    """Causal attention and a perceptron, each after a layer norm and around a residual.

    Shape: (B, T, d) to (B, T, d).
    """

    def __init__(self, width: int, heads: int, depth: int, generator: torch.Generator) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.project = linear(width, 3 * width, generator)
        self.merge = linear(width, width, generator)
        self.second_norm = nn.LayerNorm(width)
        self.widen = linear(width, 4 * width, generator)
        self.narrow = linear(4 * width, width, generator)
        with torch.no_grad():
            for layer in (self.merge, self.narrow):  # the residuals of 2 L blocks add up
                layer.weight.div_(math.sqrt(2 * depth))
                layer.bias.zero_()

    def forward(self, x: Tensor, drop: "Dropout") -> Tensor:
        """Run whole sequences."""
        n, length, width = x.shape
        q, k, v = (
            part.view(n, length, self.heads, -1).transpose(1, 2)
            for part in self.project(self.norm(x)).split(width, dim=2)
        )
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + drop(self.merge(mixed.transpose(1, 2).reshape(n, length, width)))
        return x + drop(self.narrow(F.gelu(self.widen(self.second_norm(x)))))

    def advance(self, x: Tensor, keys: Tensor, values: Tensor, t: int) -> Tensor:
        """Run the position t of sequences whose positions before it are in the caches, and add it to them.

        Shape: x (B, d), caches (T, B, d) to (B, d).
        """
        n, width = x.shape
        q, keys[t], values[t] = self.project(self.norm(x)).split(width, dim=1)
        # Products summed head by head: as matrix products these would be B * heads tiny ones.
        shape = (t + 1, n, self.heads, width // self.heads)
        scores = (keys[: t + 1] * q).view(shape).sum(dim=3) * (width // self.heads) ** -0.5
        share = torch.softmax(scores, dim=0)
        mixed = (values[: t + 1].view(shape) * share[:, :, :, None]).sum(dim=0).view(n, width)
        x = x + self.merge(mixed)
        return x + self.narrow(F.gelu(self.widen(self.second_norm(x))))


class Dropout:
    """Dropout from a generator of one's own: that of torch draws from the global stream."""

    def __init__(self, rate: float = 0.0, generator: torch.Generator | None = None) -> None:
        self.rate, self.generator = rate, generator

    def __call__(self, x: Tensor) -> Tensor:
        """Zero dimensions of each sequence at all of its positions, and scale up the rest. Shape: (B, T, d)."""
        if not self.rate:
            return x
        kept = torch.rand(len(x), 1, x.shape[2], generator=self.generator) >= self.rate
        return x * (kept / (1 - self.rate))


NO_DROPOUT = Dropout()


class RowTransformer(nn.Module):
    """The law of a row of tokens given its class, one column after the other, whatever their order.

    The sequence of a row is its class and then its tokens in the order of the columns. The position that has read the
    class predicts the first column, the one that has read the token of a column predicts the next.

    Parameters
    ----------
    sizes : sequence of int
        Number of tokens V_j of each column.
    n_classes : int
    width : int
        Dimensions d of the embeddings, a multiple of `heads`.
    depth, heads : int
    ordered : sequence of bool
        Whether the tokens of a column stand in an order, so that neighbours begin alike.
    generator : torch.Generator
        Of the first weights.

    Attributes
    ----------
    tokens : Parameter of shape (sum of V_j, d)
        Embeddings, which the output shares; those of column j are a slice.
    bias : Parameter of shape (C, sum of V_j)
        Of the output, for each class.
    columns : Parameter of shape (J, d)
        Embeddings of the column to predict.
    classes : Parameter of shape (C, d)
    config : dict
        The parameters above without the generator.
    """

    def __init__(
        self,
        *,
        sizes: Sequence[int],
        n_classes: int,
        width: int,
        depth: int,
        heads: int,
        ordered: Sequence[bool],
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.config: dict[str, Any] = {
            "sizes": [int(size) for size in sizes],
            "n_classes": int(n_classes),
            "width": int(width),
            "depth": int(depth),
            "heads": int(heads),
            "ordered": [bool(flag) for flag in ordered],
        }
        self.sizes = tuple(self.config["sizes"])
        offsets = [sum(self.sizes[:j]) for j in range(len(self.sizes))]
        steps = torch.arange(max(self.sizes))
        lengths = torch.tensor(self.sizes)[:, None]
        self.offsets = torch.tensor(offsets)
        self._unused = steps >= lengths  # (J, V_max)
        self._rows = self.offsets[:, None] + steps * ~self._unused

        def first(n: int) -> Tensor:
            return FIRST * torch.randn(n, width, generator=generator)

        embeddings = [first(size) for size in self.sizes]
        for j, size in enumerate(self.sizes):
            if ordered[j] and size > 2:
                waves = _waves(size) @ first(2 * WAVES)
                embeddings[j].mul_((1 - SMOOTH) ** 0.5).add_(waves, alpha=SMOOTH**0.5)
        self.tokens = nn.Parameter(torch.cat(embeddings))
        self.bias = nn.Parameter(torch.zeros(n_classes, sum(self.sizes)))
        self.columns = nn.Parameter(first(len(self.sizes)))
        self.classes = nn.Parameter(first(n_classes))
        self.blocks = nn.ModuleList(Block(width, heads, depth, generator) for _ in range(depth))
        self.norm = nn.LayerNorm(width)

    @torch.no_grad()
    def begin_at(self, rows: Tensor, y: Tensor) -> None:
        """Set the bias of the output to the frequencies of the tokens in the rows (n, J) of each class in y (n,).

        The frequencies of all rows, each token counted once more, stand in for `PRIOR_ROWS` further rows of each class.
        """
        n_classes = len(self.bias)
        for column, offset, size in zip(rows.T, self.offsets.tolist(), self.sizes, strict=True):
            counts = torch.bincount(y * size + column, minlength=n_classes * size).view(-1, size)
            overall = counts.sum(dim=0) + 1.0
            shares = counts + PRIOR_ROWS * overall / overall.sum()
            self.bias[:, offset : offset + size] = torch.log(
                shares / shares.mean(dim=1, keepdim=True)
            )

    def logits(
        self,
        rows: Tensor,
        y: Tensor,
        order: Tensor,
        drop: Dropout = NO_DROPOUT,
        told: Tensor | None = None,
    ) -> Tensor:
        """Give the logits of every column in the order in which they are predicted; -inf beyond its tokens.

        Shape: rows (B, J), y (B,) and a permutation (J,) to (J, B, V_max). A token is read as none where `told` (B, J),
        in the order of the table, is 0.
        """
        before = order[:-1]
        read = self.tokens[(rows + self.offsets).index_select(1, before)]
        if told is not None:
            read = read * told.index_select(1, before)[:, :, None]
        x = drop(torch.cat([self.classes[y][:, None], read], dim=1) + self.columns[order])
        for block in self.blocks:
            x = block(x, drop)
        places = self._rows[order]
        heads = self.tokens[places.flatten()].view(*places.shape, -1)
        bias = self.bias[:, places].transpose(0, 1)[:, y]
        raw = torch.baddbmm(bias, self.norm(x).transpose(0, 1), heads.transpose(1, 2))
        return raw.masked_fill(self._unused[order][:, None], -torch.inf)

    def losses(
        self,
        rows: Tensor,
        y: Tensor,
        order: Tensor,
        drop: Dropout = NO_DROPOUT,
        told: Tensor | None = None,
    ) -> Tensor:
        """Give -log p of each token given the class and the columns before it, in nats.

        Shape: rows (B, J), y (B,) and a permutation (J,) to (B, J), in the order of the permutation.
        """
        raw = self.logits(rows, y, order, drop, told)
        truth = rows.index_select(1, order).T
        losses = F.cross_entropy(raw.flatten(0, 1), truth.flatten(), reduction="none")
        return losses.view_as(truth).T

    @torch.inference_mode()
    def draw(
        self,
        y: Tensor,
        order: Sequence[int],
        generator: torch.Generator,
        *,
        known: Tensor | None = None,
        temperature: float = 1.0,
    ) -> Tensor:
        """Draw rows of the classes y, column after column, each by the largest of logits plus Gumbel noise.

        Shape: y (B,) to (B, J), in the order of the table. The first columns of `order` may be `known`, (B, k) tokens.
        """
        n, length = len(y), len(order)
        rows = torch.empty(n, length, dtype=torch.int64)
        cache = torch.empty(len(self.blocks), 2, length, n, self.config["width"])
        x = self.classes[y]
        for t, j in enumerate(order):
            h = self.step(x + self.columns[j], cache, t)
            if known is not None and t < known.shape[1]:
                drawn = known[:, t]
            else:
                raw = self.column_logits(h, y, j) / temperature
                noise = torch.empty_like(raw).exponential_(generator=generator)
                drawn = (raw - noise.clamp_(min=1e-30).log_()).argmax(dim=1)
            rows[:, j] = drawn
            x = self.tokens[drawn + self.offsets[j]]
        return rows

    def step(self, x: Tensor, cache: Tensor, t: int) -> Tensor:
        """Run position t after those in the cache. Shape: (B, d) and (L, 2, T, B, d) to (B, d)."""
        for block, kept in zip(self.blocks, cache, strict=True):
            assert isinstance(block, Block)
            x = block.advance(x, kept[0], kept[1], t)
        return x

    def column_logits(self, h: Tensor, y: Tensor, j: int) -> Tensor:
        """Give the logits of column j. Shape: (B, d) and classes (B,) to (B, V_j)."""
        here = slice(int(self.offsets[j]), int(self.offsets[j]) + self.sizes[j])
        return torch.addmm(self.bias[y, here], self.norm(h), self.tokens[here].T)


def _waves(size: int) -> Tensor:
    """Give sines and cosines (size, 2 WAVES) of half, one, ... periods, of mean square 1 together."""
    at = (torch.arange(size) + 0.5) / size
    angles = math.pi * at[:, None] * torch.arange(1, WAVES + 1)
    return torch.cat([angles.sin(), angles.cos()], dim=1) / math.sqrt(WAVES)
