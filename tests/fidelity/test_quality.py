"""The quality of a table is found whatever it came from, can be read back, and says in words what it means."""

import json
import math
import os
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import equipoise as eq
from equipoise.errors import DataError, OptionError
from equipoise.fidelity.blocks import LEAST_ROWS
from equipoise.fidelity.quality import NO_HOLDOUT, quality

ARTICLE = {"thomas": "BAD", "popularkids": "Goals", "eucalyptus": "Utility", "hmeq": "BAD"}


def rows(n, seed):
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 90, n)
    rich = age / 90 + 0.3 * rng.normal(size=n) > 0.75
    job = np.where(rng.random(n) < 0.2 + 0.5 * rich, "smith", rng.choice(["cook", "clerk"], n))
    return pd.DataFrame(
        {
            "age": age,
            "pay": (1000 + 10 * age + 300 * rich + 50 * rng.normal(size=n)).round(1),
            "job": job,
            "rich": np.where(rich, "yes", "no"),
        }
    )


REAL, HOLDOUT, FRESH = rows(400, 0), rows(130, 1), rows(400, 2)


@pytest.fixture(scope="module")
def fresh():
    return quality(REAL, FRESH, "rich", holdout=HOLDOUT)


@pytest.fixture(scope="module")
def copied():
    copy = REAL.sample(400, replace=True, random_state=0).reset_index(drop=True)
    return quality(REAL, copy, "rich", holdout=HOLDOUT)


def test_fresh_rows_are_good_and_ring_no_alarm(fresh):
    score = fresh.score("column-pair-trends")
    assert score.informative
    assert score.calibrated_low <= 1 <= score.calibrated_high
    assert not any(found.alarm for found in fresh.copying.values())
    assert "no sign of copies" in fresh.sentences["copies"]


def test_a_memoriser_pleases_the_scores_and_rings_the_alarm(copied):
    shapes = copied.score("column-shapes")
    assert shapes.value > shapes.ceiling - 0.05
    assert copied.copying[""].alarm
    assert copied.copying[""].low > 0.8
    assert copied.score("identical-rows").value == 1
    assert "no sign" not in copied.sentences["copies"]


def test_the_frame_is_tidy_and_json_reads_back(fresh):
    frame = fresh.frame()
    assert not frame.duplicated(["metric", "label"]).any()
    assert {"value", "floor", "ceiling", "calibrated", "informative"} <= set(frame.columns)
    read = json.loads(fresh.to_json())
    assert read["rows"] == {"train": 400, "fresh": 130, "synthetic": 400}
    assert read["said"] == fresh.sentences
    first = next(s for s in read["scores"] if s["metric"] == "column-shapes" and not s["label"])
    assert first["items"].keys() == {"age", "pay", "job", "rich"}


def test_the_text_has_every_score_and_what_it_means(fresh):
    text = str(fresh)
    for score in fresh.scores:
        assert score.title in text
    assert fresh.sentences["good"] in text
    assert "nan" not in text


def test_a_result_can_be_pickled(fresh):
    again = pickle.loads(pickle.dumps(fresh))
    assert again.to_json() == fresh.to_json()


def test_a_score_that_is_not_there_is_named_with_those_that_are(fresh):
    with pytest.raises(OptionError, match="'shapes'.*column-shapes"):
        fresh.score("shapes")


@pytest.mark.truth
def test_the_same_seed_gives_the_same_result_and_no_global_stream_moves(fresh):
    state = np.random.get_state()[1].copy()  # noqa: NPY002 - to see that it has not moved
    again = eq.quality(REAL, FRESH, "rich", holdout=HOLDOUT)
    assert again.to_json() == fresh.to_json()
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002


def test_without_a_holdout_copies_are_understated_and_the_result_says_so():
    copy = REAL.sample(400, replace=True, random_state=0).reset_index(drop=True)
    found = quality(REAL, copy, "rich")
    assert not found.held_out
    assert NO_HOLDOUT in found.notes
    assert len(found.trio.fresh) == 100
    # Three quarters of the copies are of training rows.
    assert found.copying[""].alarm
    assert 0.6 < found.copying[""].value < 0.85


@pytest.fixture(scope="module")
def odd():
    """What was found of a table with a rare class, a constant, and numbers that came as text."""
    real = pd.concat([REAL, rows(40, 5).assign(rich="very")], ignore_index=True).assign(one=1)
    held = pd.concat([HOLDOUT, rows(12, 6).assign(rich="very")], ignore_index=True).assign(one=1)
    made = real.assign(age=real["age"].astype(float).astype(str))
    return quality(real, made, "rich", holdout=held)


def test_a_class_too_small_to_calibrate_is_named(odd):
    assert "very" not in odd.classes
    (sentence,) = odd.too_few
    assert "'very' has 12 fresh rows" in sentence
    assert str(LEAST_ROWS) in sentence
    assert not [s for s in odd.scores if s.label == "very"]


def test_what_had_to_be_coerced_and_what_is_left_out_is_listed(odd):
    assert len(odd.coerced) == 1
    assert "'age'" in odd.coerced[0]
    assert any("'one'" in note for note in odd.notes)


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ((REAL, FRESH[:20], HOLDOUT), ("synthetic table", "20 synthetic rows", "30")),
        ((REAL, FRESH, HOLDOUT[:12]), ("holdout", "12 fresh rows", "30")),
        ((REAL[:50], FRESH, HOLDOUT), ("real table", "50 training rows", "60")),
        ((REAL[:90], FRESH, None), ("real table", "rows", "25%")),
    ],
)
def test_too_few_rows_are_refused_with_their_number(tables, words):
    real, made, held = tables
    with pytest.raises(DataError) as caught:
        quality(real, made, "rich", holdout=held)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.truth
@pytest.mark.parametrize("name", ARTICLE)
def test_on_the_articles_tables_fresh_rows_are_near_1_and_the_floor_is_near_0(name):
    folder = os.environ.get("EQUIPOISE_DATA")
    if not folder or not (Path(folder) / f"{name}.csv").exists():
        pytest.skip("EQUIPOISE_DATA does not name a folder with the tables of the articles")
    from equipoise.synthesizers.independent import IndependentColumns

    target = ARTICLE[name]
    frame = pd.read_csv(Path(folder) / f"{name}.csv").sample(frac=1, random_state=1)
    # Whole words, so that eucalyptus's class "none" is a class.
    frame[target] = frame[target].fillna("none").astype(str)
    third = len(frame) // 3
    real, made, held = (frame[k * third : (k + 1) * third].reset_index(drop=True) for k in range(3))
    found = quality(real, made, target, holdout=held)
    inside = [
        s.calibrated_low <= 1 <= s.calibrated_high
        for s in found.scores
        if s.informative and not s.label and math.isfinite(s.calibrated_low)
    ]
    # Scores of one table hang together, so that half of them may miss at once; a wrong scale misses them all.
    assert np.mean(inside) > 0.5
    assert not found.copying[""].alarm or found.copying[""].value < 0.2
    features = real.drop(columns=target)
    X, y = IndependentColumns().fit(features, real[target]).sample(len(real), random_state=0)
    floor = quality(real, X.assign(**{target: y}), target, holdout=held)
    # Drawn within each class, they know more than the floor of the whole table, and exactly that of a class.
    for score in floor.scores:
        if score.metric == "column-pair-trends" and score.informative and score.label:
            assert score.calibrated_low <= 0.25
