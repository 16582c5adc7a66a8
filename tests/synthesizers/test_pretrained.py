"""Where a pretrained model comes from: a hub is asked last, answers at its leisure, and never keeps anybody waiting."""

import hashlib
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
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


PARTS = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
}  # fmt: skip


def as_gguf(network, tokenizer, place):
    """Write a llama and a tokenizer of pairs of bytes as llama.cpp keeps them."""
    gguf = pytest.importorskip("gguf")
    config, pieces = network.config, json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
    writer = gguf.GGUFWriter(place, "llama")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(sorted(pieces["vocab"], key=pieces["vocab"].get))
    writer.add_token_merges([" ".join(pair) for pair in pieces["merges"]])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    writer.add_tensor("token_embd.weight", network.model.embed_tokens.weight.detach().numpy())
    writer.add_tensor("output_norm.weight", network.model.norm.weight.detach().numpy())
    for k, layer in enumerate(network.model.layers):
        for name, short in PARTS.items():
            weight = layer.get_submodule(name).weight.detach().numpy()
            if short in heads:  # pairs of a rotation lie side by side there
                halves = weight.reshape(heads[short], 2, -1, weight.shape[1])
                weight = halves.swapaxes(1, 2).reshape(weight.shape)
            writer.add_tensor(f"blk.{k}.{short}.weight", weight)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def test_a_gguf_file_gives_the_model_and_the_tokenizer_that_it_was_made_from(tiny_model, tmp_path):
    pytest.importorskip("accelerate")
    tokenizer, network = _pretrained.load(tiny_model("llama"), None)
    as_gguf(network, tokenizer, tmp_path / "tiny.gguf")
    for name in (None, "tiny.gguf"):
        again, read = _pretrained.load(str(tmp_path), name)
        assert (
            again("age is 31, city is Oslo").input_ids
            == tokenizer("age is 31, city is Oslo").input_ids
        )
        weights, expected = read.state_dict(), network.state_dict()
        assert set(weights) == set(expected)
        for key, weight in expected.items():
            torch.testing.assert_close(weights[key], weight, rtol=0, atol=0)
    with pytest.raises(MissingModel, match="no file 'other.gguf'"):
        _pretrained.load(str(tmp_path), "other.gguf")
