"""What the networks are built of: layers with their own generator, and one-hot blocks handled all at once.

An encoded row is scalars and one-hot blocks side by side. Nothing here loops over its columns: block maxima are padded
gathers, block sums are additions by owner, so that time and memory grow with the positions alone.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from equipoise.errors import OptionError

PADDING = 4  # padded width allowed, as a multiple of the true one, before blocks are padded by size


def linear(n_in: int, n_out: int, generator: torch.Generator) -> nn.Linear:
    """Make a linear layer, uniform in +-1/sqrt(n_in), from a generator of one's own.

    The layers of torch draw their weights from the global stream; here it is left where it was.
    """
    layer = nn.Linear(n_in, n_out, device="meta")
    bound = max(n_in, 1) ** -0.5
    weight, bias = torch.empty(n_out, n_in), torch.empty(n_out)
    layer.weight = nn.Parameter(weight.uniform_(-bound, bound, generator=generator))
    layer.bias = nn.Parameter(bias.uniform_(-bound, bound, generator=generator))
    return layer


def perceptron(widths: Sequence[int], generator: torch.Generator) -> nn.Sequential:
    """Stack linear layers, each followed by a ReLU.

    Shape: (B, widths[0]) to (B, widths[-1]).
    """
    layers: list[nn.Module] = []
    for n_in, n_out in zip(widths[:-1], widths[1:], strict=True):
        layers += [linear(n_in, n_out, generator), nn.ReLU()]
    return nn.Sequential(*layers)


def one_hot(codes: Tensor, n_classes: int) -> Tensor:
    """Give float one-hots (B, n_classes) of codes (B,)."""
    return torch.zeros(len(codes), n_classes).scatter_(1, codes[:, None], 1.0)


def tempered_order(
    y: Tensor, power: float, generator: torch.Generator, length: int | None = None
) -> Tensor:
    """Draw a pass over the rows in which class c has a probability proportional to n_c^power.

    The draws are systematic: a row whose share of the pass is m is in it floor(m) or ceil(m) times, so that a pass with
    power 1 is a permutation.

    Parameters
    ----------
    y : Tensor of shape (n,)
        Class positions.
    power : float
        1 keeps the natural proportions, 0 balances the classes.
    length : int, optional
        Rows of the pass; n by default.

    Returns
    -------
    Tensor of shape (length,)
        Row positions, shuffled.
    """
    n = len(y) if length is None else length
    counts = torch.bincount(y).double()
    weights = (counts.clamp(min=1) ** (power - 1))[y]
    upper = torch.cumsum(weights, 0) / weights.sum()
    # Ticks are 1/n apart from a random start, so a row is met as often as its share is long, rounded up or down.
    start = torch.rand(1, generator=generator, dtype=torch.float64)
    ticks = (torch.arange(n, dtype=torch.float64) + start) / n
    rows = torch.searchsorted(upper, ticks).clamp(max=len(y) - 1)
    return rows[torch.randperm(n, generator=generator)]


def sums_by_owner(values: Tensor, owner: Tensor, n_owners: int) -> Tensor:
    """Add up the columns of each owner, with gradients. Shape: (B, P) and (P,) to (B, n_owners)."""
    return values.new_zeros(len(values), n_owners).index_add(1, owner, values)


def _padded(raw: Tensor, places: Tensor) -> Tensor:
    """Gather the blocks of one padded size. Shape: (B, P) and (j, size) to (B, j, size)."""
    return raw.index_select(1, places.flatten()).view(len(raw), *places.shape)


class Blocks:
    """One-hot blocks of an encoded row.

    Parameters
    ----------
    block_ids : array of shape (R,)
        Number of the block at each position, from 0 and contiguous; -1 at positions that are in no block.

    Attributes
    ----------
    positions : Tensor of shape (P,)
        Positions of all blocks, in order.
    owner : Tensor of shape (P,)
        Block of each of them.
    n_blocks : int

    Examples
    --------
    >>> blocks = Blocks([-1, 0, 0, 1, 1, 1])
    >>> blocks.softmax(torch.zeros(1, 5)).tolist()[0][:2]
    [0.5, 0.5]
    """

    def __init__(self, block_ids: ArrayLike) -> None:
        ids = np.asarray(block_ids, dtype=np.int64)
        self.positions = torch.from_numpy(np.flatnonzero(ids >= 0))
        self.owner = torch.from_numpy(ids[ids >= 0])
        if len(self.owner) and (np.diff(self.owner.numpy(), prepend=0) > 1).any():
            raise OptionError(
                f"block numbers must count up from 0 without gaps, got {ids.tolist()}"
            )
        self.n_blocks = int(self.owner.max()) + 1 if len(self.owner) else 0
        self._paddings = list(self._pad(self.owner.numpy()))

    def _pad(self, owner: np.ndarray) -> list[tuple[Tensor, Tensor]]:
        """Give, for blocks of like size, their numbers (j,) and positions (j, size), the first one repeated."""
        sizes = np.bincount(owner, minlength=self.n_blocks)
        starts = np.cumsum(sizes) - sizes
        if not len(sizes):
            return []
        wide = sizes.max() * len(sizes) > PADDING * len(owner)
        kin = np.ceil(np.log2(sizes)).astype(int) if wide else np.zeros(len(sizes), dtype=int)
        groups = []
        for size in np.unique(kin):
            members = np.flatnonzero(kin == size)
            steps = np.arange(sizes[members].max())
            places = starts[members, None] + steps * (steps < sizes[members, None])
            groups.append((torch.from_numpy(members), torch.from_numpy(places)))
        return groups

    def largest(self, raw: Tensor) -> tuple[Tensor, Tensor]:
        """Give the maximum of each block and its place among the P positions.

        Shape: (B, P) to (B, J) and (B, J); ties go to the first.
        """
        top = raw.new_empty(len(raw), self.n_blocks)
        place = torch.empty(len(raw), self.n_blocks, dtype=torch.int64)
        for members, places in self._paddings:
            # A block is padded with its own first position, which changes no maximum and, ties going to the first
            # one found, no place either.
            values, best = _padded(raw, places).max(dim=2)
            top[:, members] = values
            place[:, members] = places.gather(1, best.T).T
        return top, place

    def log_sum_exp(self, raw: Tensor) -> Tensor:
        """Give log sum exp of each block, with gradients. Shape: (B, P) to (B, J)."""
        with torch.no_grad():
            top = raw.new_empty(len(raw), self.n_blocks)
            for members, places in self._paddings:
                top[:, members] = _padded(raw, places).amax(dim=2)
        # The maximum cancels out, so its gradient may be left out.
        sums = sums_by_owner(
            torch.exp(raw - top.index_select(1, self.owner)), self.owner, top.shape[1]
        )
        return torch.log(sums) + top

    def softmax(self, raw: Tensor) -> Tensor:
        """Give the probabilities of each block. Shape: (B, P) to (B, P)."""
        return torch.exp(raw - self.log_sum_exp(raw).index_select(1, self.owner))

    def hardest(self, raw: Tensor) -> Tensor:
        """Give the one-hot of the largest of each block. Shape: (B, P) to (B, P)."""
        _, place = self.largest(raw)
        return torch.zeros_like(raw).scatter_(1, place, 1.0)

    def draw(self, raw: Tensor, generator: torch.Generator, temperature: float = 1.0) -> Tensor:
        """Draw a one-hot of each block from softmax(raw / temperature), by the largest of logits plus Gumbel noise.

        Shape: (B, P) to (B, P).
        """
        noise = torch.empty_like(raw).exponential_(generator=generator).clamp_(min=1e-30)
        return self.hardest(raw / temperature - torch.log(noise))
