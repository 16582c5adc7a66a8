"""Language models of a few thousand weights, made on the spot, for the tests of `GReaT`."""

import json

import pytest

from equipoise.checks import tables


def _texts():
    for table in (tables.mixed, tables.categorical, tables.numeric):
        frame, _ = table()
        for row in json.loads(frame.to_json(orient="records")):
            yield ", ".join(f"{name} is {value}" for name, value in row.items())


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    """Give a function of the architecture's name to a folder with a tokenizer and random weights."""
    pytest.importorskip("transformers")
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import (
        GPT2Config,
        GPT2LMHeadModel,
        LlamaConfig,
        LlamaForCausalLM,
        PreTrainedTokenizerFast,
    )
    from transformers.utils import logging

    pieces = pre_tokenizers.ByteLevel(add_prefix_space=False)
    plain = Tokenizer(models.BPE())
    plain.pre_tokenizer, plain.decoder = pieces, decoders.ByteLevel()
    plain.train_from_iterator(
        _texts(),
        trainers.BpeTrainer(
            vocab_size=320,
            special_tokens=["<end>"],
            initial_alphabet=pieces.alphabet(),
            show_progress=False,
        ),
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=plain, eos_token="<end>")
    made = {}

    def folder(kind, width=32):
        if (kind, width) in made:
            return made[kind, width]
        place = tmp_path_factory.mktemp(f"{kind}{width}")
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            if kind == "gpt2":
                config = GPT2Config(n_positions=160, n_embd=width, n_layer=2, n_head=2)
                config.vocab_size = len(tokenizer)
                config.bos_token_id = config.eos_token_id = 0
                network = GPT2LMHeadModel(config)
            else:
                network = LlamaForCausalLM(
                    LlamaConfig(
                        vocab_size=len(tokenizer),
                        hidden_size=width,
                        intermediate_size=2 * width,
                        num_hidden_layers=2,
                        num_attention_heads=2,
                        num_key_value_heads=1,
                        max_position_embeddings=512,
                        bos_token_id=0,
                        eos_token_id=0,
                        tie_word_embeddings=True,
                    )
                )
        logging.disable_progress_bar()
        network.save_pretrained(place)
        tokenizer.save_pretrained(place)
        made[kind, width] = str(place)
        return str(place)

    return folder
