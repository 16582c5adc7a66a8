"""The claims as the page says them, by macro F1 and by the article's other scores."""

from dataclasses import replace

import pandas as pd
import pytest
from planted import Planted

from equipoise.report.claimed import claimed
from equipoise.report.page import render
from equipoise.report.summary import summarize


@pytest.fixture(scope="module")
def run():
    made = Planted(test=lambda method, plan, table: 0.02).make()
    area = made.observations[made.observations["metric"] == "macro_f1"].assign(
        metric="macro_roc_auc"
    )
    both = pd.concat([made.observations, area])
    return replace(made, observations=both, run={**made.run, "experiment": "article"})


def test_a_claim_about_scores_has_a_row_for_each_other_score_that_the_run_holds(run):
    found = claimed(run)
    assert found["others"] == [{"name": "macro_roc_auc", "label": "Macro AUC"}]
    rows = {row["claim"]: row for row in found["rows"]}
    growth = rows["TVAE gains by growing all classes."]
    assert growth["others"]["macro_roc_auc"]["verdict"] == growth["verdict"] == "holds"
    assert growth["others"]["macro_roc_auc"]["value"] == growth["value"]
    assert not rows["The quality of synthetic rows is high."]["others"]


def test_the_page_says_the_verdicts_by_other_scores(run):
    text = render(summarize(run))
    assert "<td>Macro AUC</td><td>holds</td>" in text
    assert "held against the article's other scores" in text


def test_untreated_rows_are_named_by_what_is_decided_on_them(run):
    rows = {row["claim"]: row for row in claimed(run)["rows"]}
    weights = rows["Custom weights reduce the generalization gap."]["methods"]
    assert [m["method"] for m in weights] == ["ladder weights"]
    plain = rows["Overfitting is worst for minority classes."]["methods"]
    assert [m["method"] for m in plain] == ["untouched rows"]


def test_the_page_gives_half_widths_and_intervals_for_tables_like_these(run):
    rows = {row["claim"]: row for row in claimed(run)["rows"]}
    (growth,) = rows["TVAE gains by growing all classes."]["methods"]
    (figure,) = growth["checks"]
    assert figure["half"]
    assert figure["beyond"].startswith("[+0.0")
    text = render(summarize(run))
    cells = (figure["text"], figure["half"], figure["beyond"], figure["side"])
    first, *others = (f">{cell}</td>" for cell in cells)
    assert first + "".join(f'<td class="num"{cell}' for cell in others[:2]) in text
    assert '<th class="num">For tables like these</th>' in text
