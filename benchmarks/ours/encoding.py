"""Equipoise: schema, codes, fit and transform of the encoder that its networks use."""

import numpy as np

import adult
from equipoise.tables.coded import code
from equipoise.tables.encoder import TableEncoder
from equipoise.tables.schema import Schema

table, _ = adult.read()


def encode() -> tuple[int, int]:
    """Encode the table once."""
    rng = np.random.default_rng(0)
    schema = Schema.infer(table)
    coded = code(schema, table)
    return TableEncoder().fit(schema, coded, rng).transform(coded, rng).shape


adult.measure(encode)
