"""Generator and critic of a conditional GAN of encoded rows.

L. Xu, M. Skoularidou, A. Cuesta-Infante and K. Veeramachaneni, Modeling Tabular Data using Conditional GAN, NeurIPS
2019, arXiv:1907.00503, section 4.4 and appendix (both networks); Z. Lin, A. Khetan, G. Fanti and S. Oh, PacGAN, NeurIPS
2018, arXiv:1712.04086 (packs); I. Gulrajani et al., Improved training of Wasserstein GANs, NeurIPS 2017,
arXiv:1704.00028, eq. 3 (penalty); E. Jang, S. Gu and B. Poole, Categorical reparameterization with Gumbel-softmax, ICLR
2017, arXiv:1611.01144. Written from the papers.

The critic's gradients are written out. Its layers are piecewise linear, so that the gradient of its score with respect
to a pack is a product of its weights under the masks of that pack, and the penalty on it needs no second pass of
automatic differentiation. A pack between a real and a fake one is never formed: the first layer is linear, and what it
gives there lies between what it gives for the two.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn
from torch.nn import functional

from equipoise.networks.block_sums import BlockSums
from equipoise.networks.blocks import Blocks

SLOPE = 0.2  # of the critic's activations below 0
MOMENTUM = 0.1  # of the running moments of batch normalisation
EPSILON = 1e-5
UNIFORM = (1e-10, 1 - 1e-7)  # bounds of a number whose logarithm is taken twice in single precision

leaky_relu_backward = torch.ops.aten.leaky_relu_backward


def _uniform(n_out: int, n_in: int, fan_in: int, generator: torch.Generator) -> nn.Parameter:
    bound = max(fan_in, 1) ** -0.5
    return nn.Parameter(torch.empty(n_out, n_in).uniform_(-bound, bound, generator=generator))


class Generator(nn.Module):
    """From noise and condition to what `activate` turns into rows.

    Each hidden layer and the last one see the input and all hidden layers before (the paper's residual is a
    concatenation), so the products of the input with all layers are one, and so are those of each hidden layer.

    Parameters
    ----------
    width : int
        R, positions of an encoded row.
    condition : int
        Positions of a condition.
    noise : int
    hidden : sequence of int
    generator : torch.Generator
        Of the first weights.

    Attributes
    ----------
    config : dict
        Arguments that it can be built again with.
    """

    def __init__(
        self,
        *,
        width: int,
        condition: int,
        noise: int,
        hidden: Sequence[int],
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.config = {
            "width": width, "condition": condition, "noise": noise, "hidden": tuple(hidden),
        }  # fmt: skip
        self.noise, self.hidden = noise, tuple(hidden)
        outputs = [*hidden, width]
        inputs = [noise + condition, *hidden]
        fans = [sum(inputs[: k + 1]) for k in range(len(outputs))]
        self.biases = nn.ParameterList(
            _uniform(1, n, fan, generator) for n, fan in zip(outputs, fans, strict=True)
        )
        self.weights = nn.ParameterList()  # k-th: from input k to layers k, k + 1, ...
        for k, n_in in enumerate(inputs):
            rows = [_uniform(outputs[j], n_in, fans[j], generator) for j in range(k, len(outputs))]
            self.weights.append(nn.Parameter(torch.cat([row.detach() for row in rows])))
        self.scales = nn.ParameterList(nn.Parameter(torch.ones(n)) for n in hidden)
        self.shifts = nn.ParameterList(nn.Parameter(torch.zeros(n)) for n in hidden)
        for k, n in enumerate(hidden):
            self.register_buffer(f"mean{k}", torch.zeros(n))
            self.register_buffer(f"variance{k}", torch.ones(n))

    def forward(self, z: Tensor, condition: Tensor) -> Tensor:
        """Give raw rows. Shape: (B, noise) and (B, condition) to (B, R)."""
        h = torch.cat([z, condition], dim=1)
        waiting: Tensor | None = None  # what layers k, k + 1, ... got from all inputs so far
        for k, weight in enumerate(self.weights):
            products = h @ weight.T
            waiting = products if waiting is None else waiting + products
            if k == len(self.hidden):
                return waiting + self.biases[k]
            n = self.hidden[k]
            h = functional.relu(self._normalised(k, waiting[:, :n] + self.biases[k]))
            waiting = waiting[:, n:]
        raise AssertionError("there is a last layer")

    def _normalised(self, k: int, h: Tensor) -> Tensor:
        return functional.batch_norm(
            h, self.get_buffer(f"mean{k}"), self.get_buffer(f"variance{k}"),
            self.scales[k], self.shifts[k], self.training and len(h) > 1, MOMENTUM, EPSILON,
        )  # fmt: skip

    @torch.no_grad()
    def settle(self, batches: Sequence[tuple[Tensor, Tensor]]) -> None:
        """Set the running moments to the means over these batches (z, condition), and leave the training mode."""
        moments = dict(self.named_buffers())
        sums = {name: torch.zeros_like(value) for name, value in moments.items()}
        self.train()
        for z, condition in batches:
            for value in moments.values():
                value.zero_()
            self(z, condition)
            for name, value in moments.items():
                sums[name] += value / MOMENTUM / len(batches)
        for name, value in moments.items():
            value.copy_(sums[name])
        self.eval()


class Activation:
    """What turns a generator's raw rows into rows: tanh at scalars, Gumbel-softmax in blocks.

    Parameters
    ----------
    block_ids : array of shape (R,)
        Block at each position, -1 at scalars.
    temperature : float
        Of the softmax.
    """

    def __init__(self, block_ids: ArrayLike, temperature: float) -> None:
        self.blocks = Blocks(block_ids)
        self.sums = BlockSums(self.blocks)
        self.temperature = temperature
        self.scalars = torch.nonzero(torch.as_tensor(block_ids) < 0)[:, 0]

    @torch.no_grad()
    def soft(self, raw: Tensor, noise: torch.Generator) -> Tensor:
        """Give relaxed rows: tanh, and softmax((raw + Gumbel noise) / temperature). Shape: (B, R) to (B, R)."""
        blocks = self.blocks
        uniform = torch.rand(len(raw), len(blocks.positions), generator=noise)
        turned = uniform.clamp_(*UNIFORM).log_().neg_().log_()  # Gumbel noise with its sign turned
        logits = raw.index_select(1, blocks.positions).sub_(turned).div_(self.temperature)
        rows = torch.empty_like(raw)
        rows.index_copy_(1, blocks.positions, self.sums.softmax(logits))
        return rows.index_copy_(1, self.scalars, torch.tanh(raw.index_select(1, self.scalars)))

    @torch.no_grad()
    def slope(self, rows: Tensor, gradient: Tensor) -> Tensor:
        """Give the gradient by raw rows from that by relaxed rows. Shape: (B, R) all three."""
        blocks = self.blocks
        shares = rows.index_select(1, blocks.positions)
        inside = gradient.index_select(1, blocks.positions).mul_(shares)
        mean = self.sums.spread(self.sums.add(inside))
        inside.addcmul_(shares, mean, value=-1).div_(self.temperature)
        scalars = rows.index_select(1, self.scalars)
        outside = gradient.index_select(1, self.scalars).mul_(1 - scalars.square())
        out = torch.empty_like(gradient)
        return out.index_copy_(1, blocks.positions, inside).index_copy_(1, self.scalars, outside)

    @torch.no_grad()
    def hard(self, raw: Tensor, noise: torch.Generator, shift: Tensor | float = 0.0) -> Tensor:
        """Draw rows: one-hots from the softmax of the raw blocks, shifted.

        Shape: (B, R) and (B, P) to (B, R).
        """
        rows = torch.zeros_like(raw)
        rows[:, self.scalars] = torch.tanh(raw[:, self.scalars])
        logits = raw.index_select(1, self.blocks.positions) + shift
        rows[:, self.blocks.positions] = self.blocks.draw(logits, noise)
        return rows


@dataclass
class _Pass:
    """What the critic's layers gave for packs: slopes times dropout (masks), and activations."""

    mask1: Tensor
    h1: Tensor
    mask2: Tensor
    h2: Tensor


class Critic(nn.Module):
    """Scores of packs of rows: two layers of leaky units with dropout, and no batch normalisation.

    A pack is its rows side by side, then their conditions.

    Parameters
    ----------
    width, condition : int
        Positions of a row and of its condition.
    pack : int
        Rows that are judged together.
    hidden : sequence of two int
    dropout : float
    generator : torch.Generator
        Of the first weights, and of dropout.
    """

    def __init__(
        self,
        *,
        width: int,
        condition: int,
        pack: int,
        hidden: tuple[int, int],
        dropout: float,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.pack, self.dropout, self.noise = pack, dropout, generator
        self.of_rows = pack * width
        first, second = hidden
        both = pack * (width + condition)
        self.weight1 = _uniform(first, both, both, generator)
        self.bias1 = _uniform(1, first, both, generator)
        self.weight2 = _uniform(second, first, first, generator)
        self.bias2 = _uniform(1, second, first, generator)
        self.weight3 = _uniform(1, second, second, generator)
        self.bias3 = _uniform(1, 1, second, generator)

    def packed(self, rows: Tensor, conditions: Tensor) -> Tensor:
        """Put consecutive rows side by side, their conditions behind. Shape: (B, width) to (B / pack, pack * both)."""
        p = len(rows) // self.pack
        return torch.cat([rows.reshape(p, -1), conditions.reshape(p, -1)], dim=1)

    def _keep(self, like: Tensor) -> Tensor:
        if not self.dropout:
            return torch.ones_like(like)
        if self.dropout == 0.5:
            return _coins(like, self.noise).mul_(2)
        keep = torch.rand(like.shape, generator=self.noise) >= self.dropout
        return keep.to(like.dtype).div_(1 - self.dropout)

    def _hidden(self, before: Tensor) -> _Pass:
        """Give both layers from what the first one is before its activation. Shape: (p, H1)."""
        # a gradient's way back through a leaky unit is the product with its slope, in one pass
        mask1 = leaky_relu_backward(self._keep(before), before, SLOPE, False)
        h1 = before * mask1
        before2 = torch.addmm(self.bias2, h1, self.weight2.T)
        mask2 = leaky_relu_backward(self._keep(before2), before2, SLOPE, False)
        return _Pass(mask1, h1, mask2, before2 * mask2)

    def _score(self, h2: Tensor) -> Tensor:
        return (h2 @ self.weight3.T + self.bias3)[:, 0]

    @torch.no_grad()
    def score(self, packs: Tensor) -> Tensor:
        """Give scores (p,) of packs (p, pack * (width + condition))."""
        return self._score(self._hidden(torch.addmm(self.bias1, packs, self.weight1.T)).h2)

    @torch.no_grad()
    def loss(
        self, real: tuple[Tensor, Tensor], fake: tuple[Tensor, Tensor], penalty: float
    ) -> tuple[Tensor, Tensor]:
        """Set the gradients of the parameters to those of the critic's loss, and give the loss without and the penalty.

        L = mean C(fake) - mean C(real) + penalty * mean (||grad_u C(u)|| - 1)^2, u = a real + (1 - a) fake with one
        uniform a a pack (Gulrajani et al. 2017, eq. 3).

        Parameters
        ----------
        real, fake : tuple of Tensor
            Rows (B, width) and their conditions (B, condition).
        penalty : float
        """
        n = len(real[0]) // self.pack
        packs = self.weight1.new_empty(3 * n, self.weight1.shape[1])  # the last part for slopes
        for k, (rows, conditions) in enumerate((real, fake)):
            part = packs[k * n : (k + 1) * n]
            part[:, : self.of_rows] = rows.reshape(n, -1)
            part[:, self.of_rows :] = conditions.reshape(n, -1)
        before = packs.new_empty(3 * n, len(self.weight1))  # of real, fake, and between
        torch.addmm(self.bias1, packs[: 2 * n], self.weight1.T, out=before[: 2 * n])
        a = torch.rand(n, 1, generator=self.noise, dtype=packs.dtype)
        torch.lerp(before[n : 2 * n], before[:n], a, out=before[2 * n :])
        there = self._hidden(before)
        # the gradients of the two means and grad_u C(u) are products of weights and masks, from the score down
        above = packs.new_tensor([-1.0 / n, 1.0 / n, 1.0]).repeat_interleave(n)[:, None]
        d2 = above * self.weight3 * there.mask2
        d1 = (d2 @ self.weight2) * there.mask1
        slope = torch.mm(d1[2 * n :], self.weight1, out=packs[2 * n :])
        norm = torch.linalg.vector_norm(slope, dim=1, keepdim=True).clamp_(min=1e-12)
        off = norm - 1
        slope.mul_(off / norm * (2 * penalty / n))  # now the penalty's gradient with respect to it
        scores = self._score(there.h2[: 2 * n])
        back1 = torch.mul(slope @ self.weight1.T, there.mask1[2 * n :], out=there.h1[2 * n :])
        back2 = (back1 @ self.weight2.T) * there.mask2[2 * n :]
        torch.mm(d1.T, packs, out=gradient_of(self.weight1))
        gradient_of(self.bias1).copy_(d1[: 2 * n].sum(dim=0))
        torch.mm(d2.T, there.h1, out=gradient_of(self.weight2))
        gradient_of(self.bias2).copy_(d2[: 2 * n].sum(dim=0))
        gradient_of(self.weight3).copy_(above[: 2 * n].T @ there.h2[: 2 * n]).add_(back2.sum(dim=0))
        return scores[n:].mean() - scores[:n].mean(), penalty * off.square().mean()

    @torch.no_grad()
    def pull(self, rows: Tensor, conditions: Tensor) -> tuple[Tensor, Tensor]:
        """Give -mean C and its gradient with respect to the rows.

        Shape: (B, width) and (B, condition) to () and (B, width).
        """
        packs = self.packed(rows, conditions)
        there = self._hidden(torch.addmm(self.bias1, packs, self.weight1.T))
        d1 = ((self.weight3 * there.mask2) @ self.weight2) * there.mask1
        slope = (d1 @ self.weight1[:, : self.of_rows]).div_(-len(packs))
        return -self._score(there.h2).mean(), slope.reshape(rows.shape)


def _coins(like: Tensor, noise: torch.Generator) -> Tensor:
    """Give zeros and ones, even odds, in the shape of a tensor: the bits of few random numbers, not one number each."""
    n = like.numel()
    words = torch.empty(-(-n // 56), dtype=torch.int64).random_(generator=noise)
    octets = words.view(torch.uint8).view(-1, 8)[:, :7].reshape(-1, 1)  # the eighth holds the sign
    bits = (octets >> torch.arange(8, dtype=torch.uint8)) & 1
    return bits.view(-1)[:n].view(like.shape).to(like.dtype)


def gradient_of(parameter: nn.Parameter) -> Tensor:
    """Give the gradient of a parameter to write to, of zeros where there is none yet."""
    if parameter.grad is None:
        parameter.grad = torch.zeros_like(parameter)
    return parameter.grad
