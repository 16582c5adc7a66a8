"""Fitted synthesizers and estimators in files, and back: safetensors with JSON in the header's metadata; never pickle.

A file holds the version of the format, the class by its name in a table of allowed ones, the parameters of its
constructor, its fitted state (see `codec`), and a digest over all of that. It is data: whatever it holds, reading it
runs no code but Equipoise's own, takes memory in proportion to the file's size, and ends in what was saved or in one
`DataError`.
"""

import hashlib
import json
import os
import uuid
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

import equipoise
from equipoise.errors import DataError, EquipoiseWarning, MissingExtra, OptionError
from equipoise.saving.allowed import ALLOWED, class_of, key_of
from equipoise.saving.codec import MOST_EMPTY, is_stream
from equipoise.saving.codec_reader import Decoder
from equipoise.saving.codec_writer import Encoder
from equipoise.saving.savable import Savable
from equipoise.tables.draft import check_place

FORMAT = 1
KEY = "equipoise"  # of the metadata
LARGEST_TEXT = 80_000_000  # characters of JSON; a header of safetensors ends at 100 MB


def save(method: Savable, path: str | os.PathLike) -> None:
    """Write a fitted synthesizer or estimator to a file; see their `save`."""
    method._require_fit("save")
    place = Path(path)
    check_place(place)
    text, tensors = _document(method)
    part = place.with_name(f".{place.name}.{uuid.uuid4().hex[:12]}.part")
    try:
        part.touch()
        mode = part.stat().st_mode  # as the user's files have it; safetensors would choose its own
        save_file(tensors, part, metadata={KEY: text})
        part.chmod(mode)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(place)
    except (OSError, SafetensorError) as error:
        raise DataError(f"{place} cannot be written: {error}") from None
    finally:
        part.unlink(missing_ok=True)
    _warn_of_rows(method, place)


def load(path: str | os.PathLike, *, trusted: Sequence[str] = ()) -> Any:
    """Read a fitted synthesizer, or an `AugmentedClassifier`, from a file that its `save` wrote.

    The file is data and runs nothing, whoever made it. Only its rows and predictions are as good as its maker.

    Parameters
    ----------
    path : path
    trusted : sequence of str, optional
        Classes of your own, as ``module:Class``, that the file may name: their modules are imported, which runs them.
        Equipoise's own need no mention.

    Returns
    -------
    Synthesizer or AugmentedClassifier
        Fitted: for a seed, `sample` gives the rows that the saved one would give, `predict` the same labels.

    Raises
    ------
    DataError
        There is no such file, or it is damaged, made by hand, or by a newer version of Equipoise.
    MissingExtra
        The method needs a package that is not installed.

    Examples
    --------
    >>> import tempfile, numpy as np, equipoise as eq
    >>> X, y = np.array([[0.0, 1.0], [2.0, 3.0]]), np.array(["a", "a"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     eq.IndependentColumns().fit(X, y).save(f"{folder}/floor.eqp")
    ...     eq.load(f"{folder}/floor.eqp").sample(100, random_state=0)[0].max(axis=0)
    array([2., 3.])
    """
    place = Path(path)
    if not place.is_file():
        raise DataError(f"there is no file {place}")
    try:
        text, tensors = _opened(place)
        return _method(_parsed(text, tensors), tensors, tuple(trusted))
    except MissingExtra:
        raise
    except (
        Exception
    ) as error:  # whatever a stranger's file makes of our constructors is its failure
        raise DataError(f"{place} cannot be loaded: {_reason(error)}") from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # how libraries written in Rust give up
            raise
        raise DataError(f"{place} cannot be loaded: its contents do not fit together") from None


def is_known(cls: type) -> bool:
    """Tell whether `load` makes instances of a class without being told to trust it."""
    return key_of(cls) in ALLOWED


def _document(method: Savable) -> tuple[str, dict[str, NDArray]]:
    """Give the JSON of what is saved, and its tensors."""
    cls = type(method)
    encoder = Encoder(cls.__name__)
    parameters = method._parameters()
    values: Any
    if hasattr(cls, "_restore"):
        values = encoder.child(method._state(), "_state()")
    else:
        values = encoder.attributes(method, leave_out=parameters)
    document = {
        "format": FORMAT,
        "made_by": f"equipoise {equipoise.__version__}",
        "class": encoder.named(method),
        "keeps_rows": method.keeps_rows,
        "identifiers": [str(name) for name in method._passed_on()],
        "parameters": {
            name: encoder.child(None if is_stream(value) else value, name)
            for name, value in parameters.items()
        },
        "state": values,
        "nodes": encoder.nodes,
    }
    tensors = encoder.tensors
    text = _dumped({**document, "digest": _digest(document, tensors)})
    if len(text) > LARGEST_TEXT:
        raise OptionError(
            f"this {cls.__name__} has too many parts for one file: {len(text):,} characters beside "
            f"its arrays, where {LARGEST_TEXT:,} are the most"
        )
    return text, tensors


def _warn_of_rows(method: Savable, place: Path) -> None:
    held = [method._kept_form] if method.keeps_rows else []
    if names := method._passed_on():
        columns = f"column{'s'[: len(names) > 1]} {', '.join(map(repr, names))}"
        held.append(f"the values of the {columns} as they are")
    if held:
        warnings.warn(
            f"{place} holds {' and '.join(held)}, since {type(method).__name__} makes rows from them: "
            "give it to nobody who may not see them",
            EquipoiseWarning,
            stacklevel=4,
        )


def _dumped(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def _digest(document: dict, tensors: dict[str, NDArray]) -> str:
    total = hashlib.blake2b(_dumped(document).encode(), digest_size=16)
    for name in sorted(tensors):
        array = tensors[name]
        total.update(f"\n{name} {array.dtype.str} {array.shape}\n".encode())
        total.update(array.reshape(-1).view(np.uint8).data)
    return total.hexdigest()


def _opened(place: Path) -> tuple[str, dict[str, NDArray]]:
    """Read a file as safetensors, which checks that its tensors fill it exactly."""
    with safe_open(place, framework="numpy") as file:
        metadata = file.metadata() or {}
        if KEY not in metadata:
            raise ValueError(
                "nothing was saved in it by Equipoise, though it is a file of safetensors"
            )
        tensors = {name: np.asarray(file.get_tensor(name)) for name in file.keys()}  # noqa: SIM118
    for array in tensors.values():
        if array.size == 0 and max(array.shape) > MOST_EMPTY:
            raise ValueError(f"an array without a cell has the shape {array.shape}")
    return metadata[KEY], tensors


def _parsed(text: str, tensors: dict[str, NDArray]) -> dict[str, Any]:
    """Give the document of a file whose digest is right."""
    document = json.loads(text, parse_constant=_no_number)
    version = document.get("format") if isinstance(document, dict) else None
    if type(version) is not int or version < 1:
        raise ValueError("it does not say which version of the format it is in")
    if version > FORMAT:
        raise ValueError(
            f"it was made by a newer version of Equipoise (format {version}, this one reads up to "
            f"{FORMAT}); update it: pip install -U equipoise"
        )
    digest = document.pop("digest", None)
    if digest != _digest(document, tensors):
        raise ValueError("it is damaged: what it holds is not what was saved")
    return document


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")


def _method(
    document: dict[str, Any], tensors: dict[str, NDArray], trusted: Sequence[str]
) -> Savable:
    cls: Any = class_of(document["class"], trusted)
    if not (isinstance(cls, type) and issubclass(cls, Savable)):
        raise ValueError(f"{document['class']} is no synthesizer and no estimator")
    decoder = Decoder(document["nodes"], tensors, trusted)
    parameters = decoder.named(document["parameters"])
    known = cls._get_param_names()
    if unknown := [name for name in parameters if name not in known]:
        raise ValueError(f"{cls.__name__} has no parameter {unknown[0][:80]!r}")
    method = cls(**parameters)
    if hasattr(cls, "_restore"):
        method._restore(decoder.child(document["state"]))
    else:
        if taken := sorted(set(document["state"]) & set(known)):
            raise ValueError(f"{taken[0]} is a parameter of {cls.__name__}, not of its state")
        decoder.attributes(method, document["state"])
    before = dict(method.__dict__)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        method._check_restored(decoder.values)
    method.__dict__.clear()
    method.__dict__.update(before)
    return method


def _reason(error: Exception) -> str:
    """Give one sentence for what reading a file came to."""
    if isinstance(error, SafetensorError):
        return f"it is no file that Equipoise saved, or cut short ({str(error)[:200]})"
    if isinstance(error, json.JSONDecodeError | RecursionError | MemoryError):
        return "its description cannot be read"
    if type(error) is ValueError or isinstance(error, DataError | OptionError | OSError):
        return str(error)[:500]
    return f"its contents do not fit together ({type(error).__name__}: {str(error)[:200]})"
