"""Conditions of a conditional GAN, and training by sampling.

L. Xu, M. Skoularidou, A. Cuesta-Infante and K. Veeramachaneni, Modeling Tabular Data using Conditional GAN, NeurIPS
2019, arXiv:1907.00503, section 4.3. A condition names one category of one column. Written from the paper.

Departure. The class of the row is part of every condition, beside what the paper has, and no column of the row. Where
the column that is drawn is the label itself, the class is all that the condition says.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Draws:
    """So many conditions and training rows that meet them.

    Attributes
    ----------
    rows : Tensor of shape (m,)
        Positions of training rows.
    columns : Tensor of shape (m,)
        The column named, -1 for the label.
    categories : Tensor of shape (m,)
        Its category.
    classes : Tensor of shape (m,)
        Class of the row.
    """

    rows: Tensor
    columns: Tensor
    categories: Tensor
    classes: Tensor

    def part(self, which: Tensor | slice) -> "Draws":
        """Give some of them."""
        return Draws(*(v[which] for v in (self.rows, self.columns, self.categories, self.classes)))


@dataclass(frozen=True)
class ConditionLaw:
    """Which conditions there are, and how often the rows of each class have them.

    Attributes
    ----------
    n_classes : int
        0 where conditions say nothing of the class.
    offsets : Tensor of shape (J,)
        Where the categories of each block start in a condition; classes come first.
    width : int
        Positions of a condition.
    bars : Tensor of shape (max(n_classes, 1), columns, W)
        Cumulative shares of the categories of each block among the rows of a class, and last, where conditions tell the
        class, a column of the label.
    """

    n_classes: int
    offsets: Tensor
    width: int
    bars: Tensor

    def natural(self, classes: Tensor, generator: torch.Generator) -> Draws:
        """Draw conditions as the rows of these classes (m,) have them, the column uniformly; `rows` is empty."""
        m = len(classes)
        columns = torch.randint(self.bars.shape[1], (m,), generator=generator)
        uniform = torch.rand(m, 1, generator=generator, dtype=torch.float64)
        bars = self.bars[classes if self.n_classes else torch.zeros_like(classes), columns]
        categories = (bars <= uniform * bars[:, -1:]).sum(dim=1)
        named = torch.where(columns < len(self.offsets), columns, -1)
        return Draws(classes[:0], named, categories, classes)

    def places(self, draws: Draws) -> Tensor:
        """Give where the ones of conditions are, (m, k): the class, and what is named; `width` is no place."""
        parts = [draws.classes] if self.n_classes else []
        if len(self.offsets):
            named = self.offsets[draws.columns.clamp(min=0)] + draws.categories
            parts.append(torch.where(draws.columns >= 0, named, self.width))
        return torch.stack(parts, dim=1)

    def vectors(self, draws: Draws) -> Tensor:
        """Give conditions as rows of zeros with those ones (m, width)."""
        out = torch.zeros(len(draws.columns), self.width + 1)
        return out.scatter_(1, self.places(draws), 1.0)[:, : self.width]


class Conditions:
    """The conditions of the rows of one table.

    Parameters
    ----------
    rows : Tensor of shape (n, R)
        Encoded training rows.
    blocks : sequence of (start, stop)
        Positions in a row of the one-hot blocks that conditions may name.
    y : Tensor of shape (n,)
        Classes.
    n_classes : int
        0 where conditions say nothing of the class.
    log_frequency : bool, default=True
        Whether a category is drawn in proportion to log(1 + count), in place of its count.

    Attributes
    ----------
    law : ConditionLaw
    shares : Tensor of shape (columns, W)
        How often training draws each category.
    """

    def __init__(
        self,
        rows: Tensor,
        blocks: Sequence[tuple[int, int]],
        y: Tensor,
        n_classes: int,
        *,
        log_frequency: bool = True,
    ) -> None:
        self.y, self._n_blocks = y, len(blocks)
        columns = [rows[:, start:stop].argmax(dim=1) for start, stop in blocks]
        sizes = [stop - start for start, stop in blocks]
        widths = torch.tensor([0, *sizes], dtype=torch.int64)
        if n_classes:
            columns, sizes = [*columns, y], [*sizes, n_classes]
        self._codes = torch.stack(columns, dim=1)  # (n, columns)
        self._order = torch.argsort(self._codes, dim=0, stable=True).T.contiguous()
        self._counts = _counted(self._codes, max(sizes))
        self._starts = torch.cumsum(self._counts, dim=1) - self._counts
        weights = torch.log1p(self._counts.double()) if log_frequency else self._counts.double()
        self.shares = weights / weights.sum(dim=1, keepdim=True)
        self._bars = torch.cumsum(self.shares, dim=1)
        groups = [self._codes[y == k] for k in range(n_classes)] or [self._codes]
        self.law = ConditionLaw(
            n_classes,
            n_classes + torch.cumsum(widths, dim=0)[:-1],
            n_classes + int(widths.sum()),
            torch.stack([torch.cumsum(_counted(g, max(sizes)).double(), dim=1) for g in groups]),
        )
        # Where the categories of each block lie in a row; the last one fills up shorter blocks.
        steps = torch.arange(max(sizes[: len(blocks)], default=1))
        starts = torch.tensor([start for start, _ in blocks], dtype=torch.int64)
        self._positions = starts[:, None] + torch.minimum(steps, widths[1:, None] - 1)
        self._is_category = steps < widths[1:, None]

    def draw(self, m: int, generator: torch.Generator) -> Draws:
        """Draw conditions as training needs them: a column uniformly, a category, and a row that has it."""
        columns = torch.randint(len(self._bars), (m,), generator=generator)
        uniform = torch.rand(m, 1, generator=generator, dtype=torch.float64)
        bars = self._bars[columns]
        categories = (bars <= uniform * bars[:, -1:]).sum(dim=1)
        counts = self._counts[columns, categories]
        steps = (torch.rand(m, generator=generator, dtype=torch.float64) * counts).long()
        places = self._starts[columns, categories] + torch.minimum(steps, counts - 1)
        rows = self._order[columns, places]
        named = torch.where(columns < self._n_blocks, columns, -1)
        return Draws(rows, named, categories, self.y[rows])

    @torch.no_grad()
    def mismatch(self, raw: Tensor, draws: Draws) -> tuple[Tensor, Tensor, Tensor]:
        """Give the mean cross-entropy of the raw blocks that conditions name, and its gradient.

        Shape: raw (m, R) to a scalar, and for the k rows that name a block their positions in raw.view(-1), (k, W), and
        the gradients there, (k, W).
        """
        named = torch.nonzero(draws.columns >= 0)[:, 0]
        columns, categories = draws.columns[named], draws.categories[named]
        positions = named[:, None] * raw.shape[1] + self._positions[columns]
        logits = raw.reshape(-1)[positions]
        logs = torch.log_softmax(
            logits.masked_fill_(~self._is_category[columns], -torch.inf), dim=1
        )
        wanted = functional.one_hot(categories, logits.shape[1]).to(raw.dtype)
        loss = -logs.gather(1, categories[:, None]).sum() / len(raw)
        return loss, positions, (logs.exp_() - wanted).div_(len(raw))


def _counted(codes: Tensor, width: int) -> Tensor:
    """Count the codes (n, columns) of each column, (columns, width)."""
    out = torch.zeros(codes.shape[1], width, dtype=torch.int64)
    return out.scatter_add_(1, codes.T, torch.ones_like(codes.T))
