"""Tensors and networks as nodes of `codec`.

A network is kept as its class, its `config` and its tensors: ``cls(**config, generator=...)`` makes it anew, and its
tensors are put in if all of them have the names, shapes and dtypes that the new one has.
"""

import inspect
import math
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        torch.float64, torch.float32, torch.float16, torch.bfloat16,
        torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool,
    )
}  # fmt: skip
MAKERS = {
    "empty",
    "empty_strided",
    "empty_like",
    "zeros",
    "ones",
    "full",
    "rand",
    "randn",
    "arange",
}
MAKERS |= {"zeros_like", "ones_like", "full_like", "new_empty", "new_zeros", "new_full", "new_ones"}
MAKERS |= {"eye", "linspace", "randint", "randperm"}
# What a constructor may ask for: so many numbers and arrays, and so many more for each of the file's.
SPARE, TIMES = 20_000_000, 8
SPARE_CALLS, TIMES_CALLS = 10_000, 100


# Parts of names by which a configuration of transformers can ask for code from elsewhere, a kernel from a hub, say.
FETCHED = ("implementation", "auto_map", "quantization", "remote", "use_kernel")


def encode(value: Any, encoder: Any) -> list:
    """Give the node of a tensor or a network."""
    if isinstance(value, torch.Tensor):
        return _encode_tensor(value, encoder)
    config = getattr(value, "config", None)
    if not isinstance(config, dict):
        encoder.refuse(value, "has no `config` that it could be made from again")
    seen: dict[tuple, torch.Tensor] = {}
    state = {}
    for name, held in value.state_dict().items():
        if not isinstance(held, torch.Tensor):
            encoder.refuse(held, f"is the state {name!r} of a network, but no tensor")
        place = (held.data_ptr(), held.dtype, tuple(held.shape), held.stride())
        state[name] = seen.setdefault(place, held) if held.numel() else held  # tied weights: once
    key = encoder.named(value)
    return ["module", key, encoder.child(config, ".config"), encoder.child(state), value.training]


def _encode_tensor(value: torch.Tensor, encoder: Any) -> list:
    name = str(value.dtype).removeprefix("torch.")
    if name not in DTYPES or value.layout != torch.strided:
        encoder.refuse(value, f"is of the dtype {name} and the layout {value.layout}")
    plain = value.detach().cpu()
    if name == "bfloat16":
        plain = plain.view(torch.int16)
    return ["tensor", name, encoder.child(plain.resolve_conj().resolve_neg().numpy())]


def tensor(decoder: Any, name: str, slot: Any) -> torch.Tensor:
    """Give the tensor of a node."""
    dtype, array = DTYPES[name], decoder.child(slot)
    if not isinstance(array, np.ndarray):
        raise ValueError("a tensor is no array of numbers")
    made = torch.from_numpy(array)
    if name == "bfloat16" and made.dtype == torch.int16:
        made = made.view(torch.bfloat16)
    if made.dtype != dtype:
        raise ValueError(f"a tensor of the dtype {name} holds {made.dtype}")
    return made


def module(decoder: Any, key: str, config: Any, state: Any, training: bool) -> nn.Module:
    """Give the network of a node."""
    cls, config, state = decoder.cls(key), decoder.child(config), decoder.child(state)
    if not (isinstance(cls, type) and issubclass(cls, nn.Module)):
        raise ValueError(f"{key} is no network")
    if not isinstance(config, dict) or not isinstance(state, dict) or type(training) is not bool:
        raise ValueError(f"the network {key} is not stored as its configuration and its tensors")
    known = set(inspect.signature(cls).parameters)
    if unknown := [name for name in config if name not in known or name == "generator"]:
        raise ValueError(f"a {key} has no parameter {str(unknown[0])[:80]!r}")
    held = sum(t.numel() for t in state.values() if isinstance(t, torch.Tensor))
    allowance = SPARE + TIMES * held
    _refuse_unsafe(config, allowance)
    extra = {"generator": torch.Generator()} if "generator" in known else {}
    with _Allowance(allowance, SPARE_CALLS + TIMES_CALLS * len(state)):
        made = cls(**config, **extra)
    kinds = {t.dtype for t in state.values() if torch.is_tensor(t) and t.is_floating_point()}
    if len(kinds) == 1:  # it may have been moved to another precision as a whole
        made = made.to(dtype=kinds.pop())
    own = made.state_dict()
    if set(own) != set(state):
        raise ValueError(f"its {key} has other tensors than one made from its configuration")
    for name, wanted in own.items():
        got = state[name]
        if not isinstance(got, torch.Tensor) or got.shape != wanted.shape:
            raise ValueError(
                f"the tensor {name} of its {key} must have the shape {tuple(wanted.shape)}, "
                f"found {tuple(getattr(got, 'shape', ()))}"
            )
        if got.dtype != wanted.dtype:
            raise ValueError(f"the tensor {name} of its {key} must be {wanted.dtype}")
    made.load_state_dict(state)
    return made.train(training)


def _refuse_unsafe(value: Any, most: int) -> None:
    """Refuse a configuration that asks for more than the file could fill, or for code from elsewhere."""
    if isinstance(value, dict):
        for name, part in value.items():
            if part is not None and any(word in str(name) for word in FETCHED):
                raise ValueError(
                    f"a network is configured with {str(name)[:80]!r}, which may fetch code"
                )
            _refuse_unsafe(part, most)
    elif isinstance(value, list | tuple):
        for part in value:
            _refuse_unsafe(part, most)
    elif isinstance(value, int | np.integer) and abs(int(value)) > most:
        raise ValueError(
            f"a network is configured with {str(value)[:80]}, beyond what the file holds"
        )


class _Allowance(TorchFunctionMode):
    """Stops a constructor that asks for far more numbers than the file has tensors to fill, before memory is taken."""

    def __init__(self, numbers: int, calls: int) -> None:
        super().__init__()
        self.left, self.calls = numbers, calls

    def __torch_function__(
        self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        if getattr(func, "__name__", "") in MAKERS:
            self.left -= _asked(func.__name__, args, kwargs or {})
            self.calls -= 1
            if self.left < 0 or self.calls < 0:
                raise ValueError("a network is configured to be far larger than its tensors")
        return func(*args, **(kwargs or {}))


def _asked(name: str, args: tuple, kwargs: dict) -> int:
    """Give how many numbers a maker of tensors is asked for."""
    if name.endswith("_like"):
        return args[0].numel()
    if name.startswith("new_"):
        args = args[1:]
    flat = [
        *_whole_numbers(args[:1] if "full" in name else args),
        *_whole_numbers(kwargs.get("size")),
    ]
    if name in ("arange", "linspace", "randperm", "eye"):
        return max(flat, default=0) ** (2 if name == "eye" and len(flat) == 1 else 1)
    return math.prod(flat)


def _whole_numbers(value: Any) -> list[int]:
    if isinstance(value, list | tuple):
        return [n for part in value for n in _whole_numbers(part)]
    return [abs(int(value))] if isinstance(value, int | np.integer) else []
