"""Where a pretrained model comes from: a hub is asked last, answers at its leisure, and never keeps anybody waiting."""

import hashlib
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from equipoise.errors import MissingModel  # noqa: E402
from equipoise.synthesizers import _pretrained  # noqa: E402

COMMIT = "0" * 40


class Hub(ThreadingHTTPServer):
    """Serves one model, acme/tiny, the way the hub does."""

    daemon_threads = True

    def __init__(self, folder):
        super().__init__(("127.0.0.1", 0), Answer)
        self.files = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
        self.asked = []
        self.address = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        path = self.path.partition("?")[0]
        name = path.rpartition("/")[2]
        files = self.server.files
        if path.startswith("/api/models/acme/tiny/tree/"):
            listing = [
                {"type": "file", "path": n, "size": len(b), "oid": hashlib.sha1(b).hexdigest()}
                for n, b in files.items()
            ]
            data = json.dumps(listing).encode()
        elif path.startswith("/api/models/acme/tiny"):
            siblings = [{"rfilename": n} for n in files]
            data = json.dumps({"id": "acme/tiny", "sha": COMMIT, "siblings": siblings}).encode()
        elif path.startswith("/acme/tiny/resolve/") and name in files:
            data = files[name]
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("ETag", f'"{hashlib.sha1(data).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    do_HEAD = do_GET

    def log_message(self, *arguments):
        pass


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Point the hub's client to an empty cache, and let it be online."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", True)
    return tmp_path / "cache"


def test_a_model_is_brought_from_the_hub_once(cache, tiny_model, monkeypatch):
    hub = Hub(tiny_model("gpt2"))
    hub.files["pytorch_model.bin"] = b"no pickle is wanted"
    monkeypatch.setenv("HF_ENDPOINT", hub.address)
    tokenizer, network = _pretrained.load("acme/tiny", None)
    assert network.config.model_type == "gpt2"
    assert len(tokenizer) == network.config.vocab_size
    assert any("model.safetensors" in path for path in hub.asked)
    assert not any("pytorch_model.bin" in path for path in hub.asked if "resolve" in path)
    hub.asked.clear()
    hub.shutdown()
    hub.server_close()
    _, again = _pretrained.load("acme/tiny", None)
    assert again.config.model_type == "gpt2"


def test_a_name_that_the_hub_does_not_know_is_a_clear_error(cache, tiny_model, monkeypatch):
    hub = Hub(tiny_model("gpt2"))
    monkeypatch.setenv("HF_ENDPOINT", hub.address)
    with pytest.raises(MissingModel, match=r"no model of this name.*give model as a folder"):
        _pretrained.load("acme/other", None)
    hub.shutdown()
    hub.server_close()


def test_a_hub_that_never_answers_is_given_up(cache, monkeypatch):
    monkeypatch.setattr(_pretrained, "SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        start = time.monotonic()
        with pytest.raises(MissingModel, match="no answer from"):
            _pretrained.load("acme/tiny", None)
    assert time.monotonic() - start < 10  # the timeout, and slack for a busy machine


def test_a_hub_that_refuses_is_given_up(cache, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{port}")
    with pytest.raises(MissingModel, match="no answer from"):
        _pretrained.load("distilgpt2", None)


def test_who_is_offline_asks_nobody(cache, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(MissingModel, match="HF_HUB_OFFLINE"):
        _pretrained.load("distilgpt2", None)


def test_a_gguf_file_needs_no_name_where_it_is_alone(tmp_path):
    (tmp_path / "only.gguf").touch()
    assert _pretrained._only_gguf(tmp_path) == "only.gguf"
    (tmp_path / "other.gguf").touch()
    assert _pretrained._only_gguf(tmp_path) is None
    (tmp_path / "other.gguf").unlink()
    (tmp_path / "config.json").touch()
    assert _pretrained._only_gguf(tmp_path) is None
