"""A causal language model that knows only the tokens that the sentences of one table can hold."""

import contextlib
import inspect
import json
from collections.abc import Iterator
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from equipoise.errors import OptionError

# What a configuration may hold that belongs to a file, to a tokenizer, to code from elsewhere, or to ways of computing.
FOREIGN = {
    "architectures",
    "attn_implementation",
    "auto_map",
    "dtype",
    "experts_implementation",
    "fusion_config",
    "kernel_config",
    "quantization_config",
    "torch_dtype",
    "transformers_version",
    "transformers_weights",
}
TOKENS = ("bos_token_id", "eos_token_id", "pad_token_id", "unk_token_id", "decoder_start_token_id")


class LanguageModel(nn.Module):
    """One of the causal models of transformers, made from its configuration alone.

    Parameters
    ----------
    model : dict
        The configuration, as plain values; what it names is looked up among the classes that transformers brings, and
        no other code is ever loaded.
    dtype : str, default="float32"
        Of the weights; or "bfloat16".
    generator : torch.Generator, optional
        Not used: the weights are put in afterwards.

    Attributes
    ----------
    config : dict
        The arguments that make another of the same shape.
    """

    def __init__(
        self,
        model: dict[str, Any],
        dtype: str = "float32",
        generator: torch.Generator | None = None,
    ) -> None:
        from transformers import AutoConfig, AutoModelForCausalLM

        super().__init__()
        if dtype not in ("float32", "bfloat16"):
            raise OptionError(f"dtype must be float32 or bfloat16, got {dtype!r}")
        model = plain(model)
        self.config = {"model": model, "dtype": dtype}
        with quiet():
            settings = AutoConfig.for_model(**model)
            network = AutoModelForCausalLM.from_config(settings, trust_remote_code=False)
        self.network = network.to(getattr(torch, dtype))
        self._takes_positions = "position_ids" in inspect.signature(network.forward).parameters
        self.eval()  # without dropout, which draws from the global stream

    @classmethod
    def cut(cls, source: Any, kept: NDArray, dtype: str = "float32") -> "LanguageModel":
        """Take a model of transformers with the tokens kept (U,) only, numbered anew in that order.

        Embeddings of tokens and rows of the head are copied. The two are two matrices from now on.
        """
        settings = json.loads(source.config.to_json_string(use_diff=False))
        n_all = source.get_input_embeddings().weight.shape[0]
        settings |= dict.fromkeys(TOKENS)
        settings |= {"vocab_size": len(kept), "tie_word_embeddings": False}
        out = cls(settings, dtype)
        weights = dict(source.state_dict())
        head = "network." + _path_of(out.network, out.network.get_output_embeddings())
        rows = torch.from_numpy(kept)
        state = {}
        for name, target in out.state_dict().items():
            value = weights.get(name.removeprefix("network."))
            if value is None and name == f"{head}.weight":
                value = source.get_output_embeddings().weight
            if value is None:
                continue  # a buffer that is computed
            if len(value.shape) and value.shape != target.shape and value.shape[0] >= n_all:
                value = value[rows]
            state[name] = value.detach().float().cpu()
        missing = [n for n, _ in out.named_parameters() if n not in state]
        if missing:
            raise ValueError(f"it has no weights for {', '.join(missing[:3])}")
        out.load_state_dict(state, strict=False)
        return out

    @property
    def length(self) -> int:
        """Tokens that it can read at most."""
        settings = self.network.config
        for name in ("max_position_embeddings", "n_positions", "max_seq_len"):
            if isinstance(getattr(settings, name, None), int):
                return getattr(settings, name)
        return 2**31

    def forward(
        self, tokens: Tensor, mask: Tensor, positions: Tensor, past: Any = None, keep: bool = False
    ) -> tuple[Tensor, Any]:
        """Give the logits of the next token at each place, and what is to be handed in as `past` next time.

        Shape: (B, T), (B, past and T), (B, T) to (B, T, U).
        """
        extra = {"position_ids": positions} if self._takes_positions else {}
        out = self.network(
            input_ids=tokens, attention_mask=mask, past_key_values=past, use_cache=keep, **extra
        )
        return out.logits, out.past_key_values if keep else None

    def layers(self) -> list[str]:
        """Give the paths of the layers that an adapter suits: all matrices but embeddings and head."""
        head = self.network.get_output_embeddings()
        return [
            f"network.{path}"
            for path, layer in self.network.named_modules()
            if layer is not head and type(layer).__name__ in ("Linear", "Conv1D")
        ]


def plain(settings: dict[str, Any]) -> dict[str, Any]:
    """Give a configuration without what is foreign to the shape of a model, at any depth."""
    return {
        name: plain(value) if isinstance(value, dict) else value
        for name, value in settings.items()
        if name not in FOREIGN and not name.startswith("_")
    }


def _path_of(network: nn.Module, wanted: nn.Module) -> str:
    return next(path for path, layer in network.named_modules() if layer is wanted)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers from talking, and from moving torch's global stream."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
