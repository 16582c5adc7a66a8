"""Tables for the scores: trios of frames, and the tables of the articles."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from equipoise.fidelity.metric import Trio
from equipoise.tables.coded import Coded, code
from equipoise.tables.schema import Schema

ARTICLE = ("popularkids", "eucalyptus", "thomas", "steel_plates_fault", "hmeq", "ionosphere")


def trio_of(train, fresh, synthetic, target, kinds=None):
    """Code three frames by the schema of the first; their levels are its own."""
    kinds = {**(kinds or {}), target: "categorical"}
    schema = Schema.infer(train, kinds, warn=False)
    place = [column.name for column in schema.discrete].index(target)
    sizes = np.array([len(column.levels) for column in schema.discrete])
    labels = tuple(map(str, schema.discrete[place].levels))
    tables = (code(schema, frame) for frame in (train, fresh, synthetic))
    return Trio(schema, place, labels, sizes, *tables)


def independent(table, n, rng):
    """Draw each column on its own."""
    numbers, codes = np.empty((n, table.numbers.shape[1])), np.empty((n, table.codes.shape[1]))
    for out, cells in ((numbers, table.numbers), (codes, table.codes)):
        for j in range(cells.shape[1]):
            out[:, j] = cells[rng.integers(len(cells), size=n), j]
    return Coded(numbers, codes.astype(np.int64))


def jittered(table, train, rng, share=0.01):
    """Move every number by a share of its column's standard deviation."""
    deviations = np.nan_to_num(np.nanstd(train.numbers, axis=0))
    noise = rng.normal(size=table.numbers.shape)
    return Coded(table.numbers + share * deviations * noise, table.codes)


@pytest.fixture
def tables():
    """The makers of tables above."""
    return {"trio_of": trio_of, "independent": independent, "jittered": jittered}


@pytest.fixture(params=ARTICLE)
def article(request):
    """Give the coded rows of an article table, all of them, and a trio of it without rows."""
    folder = os.environ.get("EQUIPOISE_DATA")
    if not folder or not (Path(folder) / f"{request.param}.csv").exists():
        pytest.skip("EQUIPOISE_DATA does not name a folder with the tables of the articles")
    from equipoise.datasets.catalogue import load

    found = load(request.param, folder)
    frame = found.X.assign(**{found.target: found.y.map(str)})
    none = frame.iloc[:0]
    trio = trio_of(frame, none, none, found.target, found.kinds)
    return trio.train, trio


@pytest.fixture
def gaussians():
    """Give a maker of trios of independent normal columns and a label that says nothing."""

    def make(n, m, rng, d=6):
        def rows(k):
            frame = pd.DataFrame(rng.normal(size=(k, d)), columns=[f"x{j}" for j in range(d)])
            return frame.assign(y=rng.choice(["a", "b"], k))

        frames = [rows(n), rows(m), rows(m)]
        return trio_of(*frames, "y")

    return make
