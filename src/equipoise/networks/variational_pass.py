"""The bound of a variational auto-encoder and its gradients, by hand.

The networks are two small perceptrons, for which a general machine of gradients spends as long on bookkeeping as on the
products. Here every gradient is written out, into buffers that are made once. Equations are those of `variational`; a
test holds the gradients to those of torch.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from equipoise.networks.block_sums import BlockSums
from equipoise.networks.variational import LOG_VARIANCE, VariationalAutoencoder

CHUNK = 10_000  # rows of a table that are taken at a time

threshold_backward = torch.ops.aten.threshold_backward.grad_input


@dataclass(frozen=True)
class EncodedRows:
    """Rows as the passes read them: the ones of their blocks, by place, next to what networks are fed.

    Attributes
    ----------
    inputs : Tensor of shape (n, R + C)
        Encoded rows, then labels.
    labels : Tensor of shape (n, C)
        The last columns of `inputs`.
    ones : Tensor of shape (n, J)
        Place of the one of each block among the P positions.
    scalars, heads : Tensor of shape (n, A)
        Scalars, and the head that each belongs to.
    meant : Tensor of shape (n, A) or None
        1 where the mode of the scalar gives it a meaning, else 0; None if all do.
    """

    inputs: Tensor
    labels: Tensor
    ones: Tensor
    scalars: Tensor
    heads: Tensor
    meant: Tensor | None

    @classmethod
    def of(
        cls, network: VariationalAutoencoder, x: Tensor, labels: Tensor, rows: Tensor
    ) -> "EncodedRows":
        """Take the rows at these positions (m,) of encoded rows (n, R) and their labels (n, C)."""
        law, n_classes = network.law, labels.shape[1]
        inputs = x.new_empty(len(rows), x.shape[1] + n_classes)
        parts = []
        for start in range(0, max(len(rows), 1), CHUNK):
            here = rows[start : start + CHUNK]
            some = x.index_select(0, here)
            inputs[start : start + CHUNK, : x.shape[1]] = some
            inputs[start : start + CHUNK, x.shape[1] :] = labels.index_select(0, here)
            slots = law.slots(some)
            parts.append((law.starts + slots, some.index_select(1, law.scalars), *law.heads(slots)))
        ones, scalars, heads, meant = (torch.cat(part) for part in zip(*parts, strict=True))
        return cls(
            inputs,
            inputs[:, x.shape[1] :],
            ones,
            scalars,
            heads,
            None if bool(meant.all()) else meant.to(x.dtype),
        )

    def __len__(self) -> int:
        """Give the number of rows."""
        return len(self.inputs)

    def take(self, rows: Tensor) -> "EncodedRows":
        """Give the rows at these positions (B,)."""
        inputs = self.inputs.index_select(0, rows)
        return EncodedRows(
            inputs,
            inputs[:, inputs.shape[1] - self.labels.shape[1] :],
            self.ones.index_select(0, rows),
            self.scalars.index_select(0, rows),
            self.heads.index_select(0, rows),
            None if self.meant is None else self.meant.index_select(0, rows),
        )


class Perceptron:
    """Forward and backward through linear layers with a ReLU after each, for batches of one size.

    Parameters
    ----------
    layers : Sequential
        As `blocks.perceptron` makes it.
    n : int
        Rows of a batch.
    """

    def __init__(self, layers: nn.Sequential, n: int, like: Tensor) -> None:
        self.layers = [layer for layer in layers if isinstance(layer, nn.Linear)]
        self.outputs = [like.new_empty(n, layer.out_features) for layer in self.layers]
        self.slopes = [torch.empty_like(output) for output in self.outputs]
        self.rows = like.new_ones(n)

    def forward(self, x: Tensor) -> Tensor:
        """Give the last layer's output. Shape: (n, in) to (n, out)."""
        self.x = x
        for layer, output in zip(self.layers, self.outputs, strict=True):
            x = affine(layer, x, output).relu_()
        return x

    def backward(self) -> Tensor:
        """Turn the gradient in `slopes[-1]` into those of all layers, and give that of the first layer's sums."""
        for i in reversed(range(len(self.layers))):
            slope = self.slopes[i]
            threshold_backward(slope, self.outputs[i], 0, grad_input=slope)
            keep_gradient(self.layers[i], slope, self.outputs[i - 1] if i else self.x, self.rows)
            if i:
                torch.mm(slope, self.layers[i].weight, out=self.slopes[i - 1])
        return self.slopes[0]


def affine(layer: nn.Linear, x: Tensor, out: Tensor) -> Tensor:
    """Give what a linear layer does, in a buffer."""
    return torch.addmm(layer.bias, x, layer.weight.T, out=out)


def keep_gradient(layer: nn.Linear, slope: Tensor, x: Tensor, rows: Tensor) -> None:
    """Write the gradient of a linear layer fed with x (n, in), given that of its output (n, out)."""
    torch.mm(slope.T, x, out=layer.weight.grad)
    torch.mv(slope.T, rows, out=layer.bias.grad)


class BoundPass:
    """The bound of batches of one size, forward and backward.

    Every parameter of the network needs a gradient to be written to, as `FlatAdam` gives it one.

    Parameters
    ----------
    network : VariationalAutoencoder
    n : int
        Rows of a batch.
    """

    def __init__(self, network: VariationalAutoencoder, n: int) -> None:
        law, latent = network.law, network.latent
        like = law.sigma.detach()
        self.network, self.law, self.n = network, law, n
        self.sums = BlockSums(law.blocks)
        self.encoder = Perceptron(network.encoder, n, like)
        self.decoder = Perceptron(network.decoder, n, like)
        self.rows = like.new_ones(n)
        self.code = like.new_empty(n, 2 * latent)
        self.mean, self.log_variance = self.code[:, :latent], self.code[:, latent:]
        self.code_slope = torch.empty_like(self.code)
        self.mean_slope = self.code_slope[:, :latent]
        self.log_variance_slope = self.code_slope[:, latent:]
        self.deviation, self.work, self.z_slope = (like.new_empty(n, latent) for _ in range(3))
        self.fed = like.new_empty(n, latent + network.n_classes)
        self.z, self.told = self.fed[:, :latent], self.fed[:, latent:]
        n_logits = len(law.blocks.owner)
        self.raw = like.new_empty(n, law.width)
        self.raw_slope = torch.empty_like(self.raw)
        self.means, self.logits = self.raw[:, : law.n_heads], self.raw[:, law.n_heads :]
        self.means_slope = self.raw_slope[:, : law.n_heads]
        self.logits_slope = self.raw_slope[:, law.n_heads :]
        self.powers, self.spread = (like.new_empty(n, n_logits) for _ in range(2))
        self.block_sums = like.new_empty(n, law.blocks.n_blocks)
        self.minus_ones = like.new_full((n, law.blocks.n_blocks), -1.0)

    @torch.no_grad()
    def forward(self, rows: EncodedRows, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Give the means of -log p(x | z, y) () and of the divergence of each dimension of z (L,)."""
        network = self.network
        affine(network.to_code, self.encoder.forward(rows.inputs), self.code)
        least, most = torch.aminmax(self.log_variance)
        self.clamped: Tensor | None = None
        if max(-float(least), float(most)) > LOG_VARIANCE:
            self.clamped = self.log_variance.abs() > LOG_VARIANCE
            self.log_variance.clamp_(-LOG_VARIANCE, LOG_VARIANCE)
        torch.mul(self.log_variance, 0.5, out=self.deviation).exp_()
        torch.addcmul(self.mean, self.deviation, noise, out=self.z)
        if network.n_classes:
            self.told.copy_(rows.labels)
        affine(network.to_raw, self.decoder.forward(self.fed), self.raw)
        torch.mul(self.mean, self.mean, out=self.work)
        self.work.addcmul_(self.deviation, self.deviation).sub_(self.log_variance)
        divergence = torch.mv(self.work.T, self.rows).div_(2 * self.n).sub_(0.5)
        return (self._scalar_loss(rows) + self._block_loss(rows)) / self.n, divergence

    def _scalar_loss(self, rows: EncodedRows) -> Tensor:
        self.sigma = self.law.sigma.detach().take(rows.heads)
        self.tanh = torch.tanh(self.means.gather(1, rows.heads))
        self.error = (rows.scalars - self.tanh).div_(self.sigma)
        losses = (self.error.square() / 2).add_(torch.log(self.sigma))
        return losses.sum() if rows.meant is None else losses.mul_(rows.meant).sum()

    def _block_loss(self, rows: EncodedRows) -> Tensor:
        _, _, top = self.sums.exponentials(self.logits, self.powers, self.block_sums)
        total = torch.log(self.block_sums).sum() - self.logits.gather(1, rows.ones).sum()
        return total if top is None else total + top.sum()

    @torch.no_grad()
    def backward(self, rows: EncodedRows, noise: Tensor, weight: float, counted: Tensor) -> None:
        """Write the gradient of weight * reconstruction + (counted * divergence).sum() after a pass forward.

        Parameters
        ----------
        rows, noise
            Those of the pass forward.
        weight : float
        counted : Tensor of shape (L,)
            How much each dimension's divergence counts, 1 or 0.
        """
        network, latent = self.network, self.network.latent
        self._slope_of_raw(rows, weight / self.n)
        keep_gradient(network.to_raw, self.raw_slope, self.decoder.outputs[-1], self.rows)
        torch.mm(self.raw_slope, network.to_raw.weight, out=self.decoder.slopes[-1])
        first = self.decoder.backward()
        torch.mm(first, self.decoder.layers[0].weight[:, :latent], out=self.z_slope)
        counted = counted / self.n
        torch.addcmul(self.z_slope, self.mean, counted, out=self.mean_slope)
        # d z / d log_variance = deviation * noise / 2, and that of the divergence (deviation^2 - 1) / 2.
        torch.mul(self.z_slope, noise, out=self.work).addcmul_(self.deviation, counted)
        self.work.mul_(self.deviation).sub_(counted)
        torch.mul(self.work, 0.5, out=self.log_variance_slope)
        if self.clamped is not None:
            self.log_variance_slope[self.clamped] = 0.0
        keep_gradient(network.to_code, self.code_slope, self.encoder.outputs[-1], self.rows)
        torch.mm(self.code_slope, network.to_code.weight, out=self.encoder.slopes[-1])
        self.encoder.backward()

    def _slope_of_raw(self, rows: EncodedRows, scale: float) -> None:
        # Blocks: softmax less one-hot.
        self.sums.spread(self.block_sums.reciprocal_().mul_(scale), self.spread)
        torch.mul(self.powers, self.spread, out=self.logits_slope)
        self.logits_slope.scatter_add_(1, rows.ones, self.minus_ones.mul(scale))
        # Scalars: with e = (x - tanh) / sigma the loss is e^2 / 2 + log sigma.
        by_sigma = self.sigma.reciprocal_().mul_(scale)
        if rows.meant is not None:
            by_sigma.mul_(rows.meant)
        slope = self.tanh.square_().sub_(1.0).mul_(self.error).mul_(by_sigma)
        self.means_slope.zero_().scatter_(1, rows.heads, slope)
        gradient = self.law.sigma.grad
        assert gradient is not None
        of_sigma = self.error.square_().neg_().add_(1.0).mul_(by_sigma)
        gradient.zero_().index_add_(0, rows.heads.flatten(), of_sigma.flatten())
