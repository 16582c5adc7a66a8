"""Where a pretrained model comes from: a folder, the hub's cache on this machine, or the hub.

Only weights that are plain numbers are read (safetensors, GGUF), never pickles, and no code that comes with a model is
run. A request to the hub that is not answered is given up after seconds.
"""

import contextlib
import importlib.util
import io
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray

from equipoise.errors import MissingExtra, MissingModel
from equipoise.synthesizers._language import LanguageModel, quiet

SECONDS = 5.0  # to wait for an answer of the hub
FILES = ("*.json", "*.txt", "*.model", "*.safetensors")
HELP = (
    "give model as a folder with config.json, tokenizer.json and model.safetensors (or a GGUF file, "
    "named by gguf_file), or as the name of a model on the Hugging Face hub while that can be reached; "
    "the method tabgpt needs no pretrained model"
)


def load(model: str, gguf_file: str | None) -> tuple[Any, Any]:
    """Load a tokenizer and a causal model of transformers, in float32 on the processor.

    Parameters
    ----------
    model : str
        A folder, or a name on the hub.
    gguf_file : str or None
        A file in there that holds tokenizer and weights.

    Raises
    ------
    MissingExtra
        A package is not installed.
    MissingModel
        The model cannot be had, or cannot be used.
    """
    require("transformers")
    failure: Exception = MissingModel("there is none")
    for folder in _folders(model, gguf_file):
        if isinstance(folder, Exception):
            failure = folder
            continue
        try:
            return _load(folder, gguf_file or _only_gguf(folder))
        except Exception as error:  # whatever is wrong with the files of a stranger
            if isinstance(error, MissingExtra) and not isinstance(error, MissingModel):
                raise
            failure = error
    raise MissingModel(f"the language model {model!r} cannot be had: {_brief(failure)}; {HELP}")


def cut(model: str, source: Any, kept: NDArray, dtype: str) -> LanguageModel:
    """Keep the tokens kept (U,) of a model of transformers.

    Raises
    ------
    MissingModel
        The model is of another build than any that this can be done to.
    """
    try:
        return LanguageModel.cut(source, kept, dtype)
    except Exception as error:
        raise MissingModel(
            f"the language model {model!r} cannot be used: {_brief(error)}; {HELP}"
        ) from error


def require(package: str) -> None:
    """Raise `MissingExtra` unless a package of the extra is installed."""
    if importlib.util.find_spec(package) is None:
        raise MissingExtra(
            f"great needs {package}, which is not installed: pip install 'equipoise[llm]'"
        )


def _folders(model: str, gguf_file: str | None) -> Iterator[Path | Exception]:
    """Give the places where a model may lie, the quickest first, or why there is none."""
    path = Path(model).expanduser()
    if path.is_dir():
        yield path
        return
    if path.is_absolute() or model.startswith((".", "~")) or model.count("/") > 1:
        yield MissingModel(f"there is no folder {str(path)!r}")
        return
    from huggingface_hub import snapshot_download, try_to_load_from_cache

    try:
        cached = try_to_load_from_cache(model, gguf_file or "config.json")
        if isinstance(cached, str):
            yield Path(cached).parent
        endpoint = _reachable(model)
        patterns = [*FILES, *([gguf_file] if gguf_file else [])]
        place: Path | Exception = Path(
            snapshot_download(
                model, allow_patterns=patterns, etag_timeout=SECONDS, endpoint=endpoint
            )
        )
    except Exception as error:  # the hub's own errors, those of its client, and the network's
        place = MissingModel(
            f"it is not on this machine, and the hub does not give it ({_brief(error)})"
        )
    yield place


def _reachable(model: str) -> str:
    """Give the address of the hub, if it answers within seconds; its own client would wait for ever."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        raise MissingModel("HF_HUB_OFFLINE is set")
    endpoint = os.environ.get("HF_ENDPOINT", "").rstrip("/") or constants.ENDPOINT
    try:
        with urllib.request.urlopen(f"{endpoint}/api/models/{model}", timeout=SECONDS):
            return endpoint
    except urllib.error.HTTPError as error:
        if error.code == 404:
            raise MissingModel(f"{endpoint} has no model of this name") from None
        return endpoint  # it may be a model that asks for a login, of which the client knows
    except OSError as error:
        raise MissingModel(
            f"no answer from {endpoint}: {getattr(error, 'reason', error)}"
        ) from error


def _brief(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]


def _only_gguf(folder: Path) -> str | None:
    """Give the GGUF file of a folder that holds nothing else to load."""
    files = sorted(folder.glob("*.gguf"))
    return files[0].name if len(files) == 1 and not (folder / "config.json").exists() else None


def _load(folder: Path, gguf_file: str | None) -> tuple[Any, Any]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    weights: dict[str, Any] = {"use_safetensors": True}
    if gguf_file is not None:
        for package in ("gguf", "accelerate"):
            require(package)
        if not (folder / gguf_file).is_file():
            raise MissingModel(f"there is no file {gguf_file!r} in {str(folder)!r}")
        options["gguf_file"] = gguf_file
        weights = {}
    # The reader of GGUF files draws a bar that no setting turns off; what goes wrong is raised all the same.
    with quiet(), contextlib.redirect_stderr(io.StringIO() if gguf_file else sys.stderr):
        tokenizer = AutoTokenizer.from_pretrained(folder, **options)
        network = AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.float32, **weights, **options
        )
    return tokenizer, network
