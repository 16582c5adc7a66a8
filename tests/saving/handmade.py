"""Saved files opened and written by hand: what a stranger could send."""

import json

from safetensors import safe_open
from safetensors.numpy import save_file

from equipoise.saving import model_file


def opened(path):
    """Give the document and the tensors of a file."""
    with safe_open(path, framework="numpy") as file:
        document = json.loads(file.metadata()["equipoise"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    document.pop("digest")
    return document, tensors


def written(path, document, tensors):
    """Write a file with a right digest, whatever is in it."""
    text = json.dumps({**document, "digest": model_file._digest(document, tensors)})
    save_file(tensors, path, metadata={"equipoise": text})
    return path
