"""What was judged is kept and read as it was; the tables of docs/synthesizers.md say what the records say."""

import itertools
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from equipoise.registry import METHODS

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "docs/results/judged.jsonl"
SMOTE = str(METHODS["smote"].code_version)


@pytest.fixture
def records(benchmark_module):
    return benchmark_module("judged_records")


@pytest.fixture
def pages(benchmark_module):
    return benchmark_module("judged_tables")


def line(method="smote", table="hmeq", seed=0, version=SMOTE, **scores):
    return {"method": method, "version": version, "table": table, "seed": seed, **scores}


def written(path, lines):
    path.write_text("".join(json.dumps(entry) + "\n" for entry in lines), encoding="utf-8")
    return path


def test_records_are_read_and_the_last_line_about_one_counts(records, tmp_path):
    lines = [line(quality=0.1), line(seed=1, quality=0.2), line(quality=0.3)]
    found = records.Records(written(tmp_path / "judged.jsonl", lines))
    assert found.get("smote", "hmeq", 0) == lines[2]
    assert found.get("smote", "hmeq", 1) == lines[1]
    assert found.of("smote", "hmeq") == [lines[2], lines[1]]
    assert found.of("smote", "hmeq", (1, 2)) == [lines[1]]
    assert found.get("smote", "hmeq", 2) is None
    assert found.of("smote", "thomas") == found.of("cart", "hmeq") == []


def test_where_there_is_no_file_there_are_no_records(records, tmp_path):
    found = records.Records(tmp_path / "judged.jsonl")
    assert found.get("smote", "hmeq", 0) is None
    assert not (tmp_path / "judged.jsonl").exists()


def test_a_record_of_another_version_is_not_current(records, tmp_path):
    lines = [
        line(version="0", quality=0.1), line("reference-tvae", version="0.12.1", quality=0.2),
        line("reference-ctgan", version="0.12.0", quality=0.3),
    ]  # fmt: skip
    found = records.Records(written(tmp_path / "judged.jsonl", lines))
    assert found.get("smote", "hmeq", 0) is None
    assert found.get("reference-ctgan", "hmeq", 0) is None
    assert found.get("reference-tvae", "hmeq", 0)["quality"] == 0.2
    assert [record["quality"] for record in found.of("smote", "hmeq")] == [0.1]


def test_what_is_added_replaces_the_older_version_and_is_there_the_next_time(records, tmp_path):
    path = written(tmp_path / "judged.jsonl", [line(version="0", quality=0.1), line("cart")])
    scores = {"quality": 1 / 3, "tstr_f1": float("nan"), "labels": [1, 2]}
    records.Records(path).add("smote", "hmeq", 0, scores)
    kept = line(quality=0.33333, tstr_f1=None, labels=[1, 2])
    assert records.Records(path).get("smote", "hmeq", 0) == kept
    assert [json.loads(text) for text in path.read_text().splitlines()] == [line("cart"), kept]
    assert list(tmp_path.iterdir()) == [path]


def test_means_are_of_the_figures_that_there_are(records):
    some = [line(seed=s, quality=v) for s, v in enumerate((0.2, None, 0.3, 0.7))]
    assert records.mean(some, "quality") == pytest.approx(0.4)
    assert math.isnan(records.mean(some[1:2], "quality"))
    assert math.isnan(records.mean([], "quality"))


def test_differences_are_paired_by_seed(records):
    theirs = [line(seed=s, quality=v) for s, v in ((0, 0.5), (1, 0.6), (2, 0.7), (3, 0.9))]
    ours = [line(seed=s, quality=v) for s, v in ((2, 0.75), (1, 0.63), (0, 0.51), (4, 0.0))]
    mean, width = records.difference(ours, theirs, "quality")
    assert mean == pytest.approx(0.03)
    assert width == pytest.approx(2 * 0.02 / 3**0.5)  # 0.01, 0.03 and 0.05
    mean, width = records.difference(ours[:1], theirs, "quality")
    assert mean == pytest.approx(0.05)
    assert math.isnan(width)
    assert all(map(math.isnan, records.difference(ours[3:], theirs, "quality")))


def test_a_seed_without_a_figure_on_either_side_is_no_pair(records):
    theirs = [line(seed=s, quality=v) for s, v in ((0, 0.5), (1, None), (2, 0.5))]
    ours = [line(seed=s, quality=v) for s, v in ((0, 0.6), (1, 0.9), (2, None))]
    assert records.difference(ours, theirs, "quality")[0] == pytest.approx(0.1)


OF_SEED = (-0.03, -0.01, 0.04)  # over the mean of the three


def planted(records, pages, lost=(), old=()):
    """Give records whose means over seeds are told by `level`, without those of `lost` (method, table, seed).

    Those of the methods `old` are of another version than the present one.
    """
    lines = []
    for (m, method), (t, table), seed in itertools.product(
        enumerate(pages.JUDGED), enumerate(pages.tables.TARGETS), pages.SEEDS
    ):
        if (method, table, seed) in lost:
            continue
        value = level(m, t) + OF_SEED[seed]
        scores = dict.fromkeys(("c2st_unseen", "tstr_f1", "quality", "too_close"), value)
        scores |= {"trtr_f1": 0.8, "fit_cpu_s": 4.0 + 3 * t + (seed - 1), "labels": [2, 2]}
        if method in pages.RIVAL_OF:
            # Over the reference's quality by 0.01, 0.03 and 0.05; under its F1 by the same
            rival = level(pages.JUDGED.index(pages.RIVAL_OF[method]), t) + OF_SEED[seed]
            scores |= {"quality": rival + 0.01 + 0.02 * seed, "tstr_f1": rival - 0.01 - 0.02 * seed}
            scores["labels"] = [1 if seed == 2 else 2, 2]
        version = "any" if method in old else records.version_of(method)
        lines.append(line(method, table, seed, version, **scores))
    return lines


def level(m, t):
    return 0.3 + 0.01 * m + 0.05 * t


def parts(text):
    """Give the rows of each table of the text, by its head line: {head: {first cell: other cells}}."""
    found, rows = {}, {}
    for one in text.splitlines():
        if one.startswith("**"):
            rows = found.setdefault(one, {})
        elif one.startswith("| ") and not one.startswith("| ---"):
            name, *cells = (cell.strip() for cell in one.strip("|").split("|"))
            rows.setdefault(name, []).append(cells)
    return found


def text_of(records, pages, path, lost=(), old=()):
    return pages.text(records.Records(written(path, planted(records, pages, lost, old))))


def test_the_text_holds_the_means_of_all_methods_and_tables(records, pages, tmp_path):
    text = text_of(records, pages, tmp_path / "judged.jsonl")
    assert text.startswith("Means of 3 seeds.\n")
    found = parts(text)
    assert set(pages.FIGURES.values()) < set(found)
    told = found[pages.FIGURES["c2st_unseen"]]
    assert told["method"][0][-1] == "mean"
    assert len(told["method"][0]) == len(pages.tables.TARGETS) + 1
    for m, method in enumerate(pages.JUDGED):
        means = [level(m, t) for t in range(7)] + [level(m, 3)]
        (cells,) = told[pages.SHOWN.get(method, f"`{method}`")]
        assert cells == [f"{value:.2f}" for value in means], method
    (smote,) = found[pages.FIGURES["fit_cpu_s"]]["`smote`"]
    assert smote == ["4.0", "7.0", "10", "13", "16", "19", "22", "13"]
    (real,) = found[pages.FIGURES["tstr_f1"]]["(training rows)"]
    assert real == ["0.80"] * 8


def test_the_text_sets_ours_against_the_reference_by_the_same_seeds(records, pages, tmp_path):
    found = parts(text_of(records, pages, tmp_path / "judged.jsonl"))
    (head,) = [h for h in found if h.startswith("**Against the reference**")]
    for ours in pages.RIVAL_OF:
        tables = [row[0] for row in found[head][f"`{ours}`"]]
        assert tables == [pages.HEADS.get(t, t) for t in pages.tables.TARGETS]
        for row in found[head][f"`{ours}`"]:
            # Two standard errors of 0.01, 0.03, 0.05: 2 * 0.02 / sqrt(3)
            assert row[1:] == ["+0.030 ± 0.023", "-0.030 ± 0.023 worse", "5 of 6 and 6 of 6"]


def asked(records, path, lines):
    """Give what was found of each target, by its words."""
    text = "\n".join(records.targets(records.Records(written(path, lines))))
    return {
        line.split(" | ")[0][2:]: line.rstrip(" |").split(" | ")[-1]
        for line in text.splitlines()
        if "`" in line
    }


@pytest.fixture
def goals(benchmark_module):
    return benchmark_module("judged_targets")


def test_targets_are_met_at_their_bounds_and_missed_beyond_them(goals, pages, tmp_path):
    def lines(n_like_real=5, f1=0.721, close=0.15, quality=(0.5, 0.5, 0.5), kept=2, rival_kept=1):
        out = []
        for method, (t, table), seed in itertools.product(
            pages.JUDGED, enumerate(pages.tables.TARGETS), pages.SEEDS
        ):
            scores = {"c2st_unseen": 0.84 if t < n_like_real else 0.85, "too_close": close}
            scores |= {"tstr_f1": f1 if t < 5 else 0.1, "trtr_f1": 0.8, "quality": quality[seed]}
            scores["labels"] = [kept if table == "hmeq" else 2, 2]
            if method in pages.REFERENCES:
                scores |= {"quality": 0.5, "tstr_f1": 0.05, "labels": [rival_kept, 2]}
            out.append(line(method, table, seed, "any", **scores))
        return out

    path = tmp_path / "judged.jsonl"
    met = asked(goals, path, lines())
    assert len(met) == 13
    assert not [found for found in met.values() if "missed" in found]
    told = [what for what in met if "told from" in what]
    assert [met[what] for what in told] == ["5 of 7", "5 of 7"]
    fewer = asked(goals, path, lines(n_like_real=4))
    assert [fewer[what] for what in told] == ["4 of 7 missed", "4 of 7 missed"]
    taught = asked(goals, path, lines(f1=0.719))
    assert [f for what, f in taught.items() if "macro F1" in what] == ["0 of 7 missed"] * 2
    close = asked(goals, path, lines(close=0.151))
    assert [f for what, f in close.items() if "too close" in what] == ["0.15 missed"] * 7
    rivals = [what for what in met if "reference" in what]
    # a mean of -0.01 with two standard errors of 0.02 is no loss, one of -0.03 is
    noisy = asked(goals, path, lines(quality=(0.47, 0.49, 0.51)))
    assert [noisy[what] for what in rivals] == ["7 of 7"] * 2
    worse = asked(goals, path, lines(quality=(0.45, 0.47, 0.49)))
    assert [worse[what] for what in rivals] == ["0 of 7 missed"] * 2
    lost = asked(goals, path, lines(kept=1))
    assert [lost[what] for what in rivals] == ["6 of 7 missed"] * 2


def test_where_nothing_was_judged_every_target_is_missed(goals, tmp_path):
    found = asked(goals, tmp_path / "judged.jsonl", [])
    assert len(found) == 13
    assert all("missed" in told for told in found.values())


def test_the_text_says_in_how_many_cells_seeds_are_missing(records, pages, tmp_path):
    lost = [("smote", "hmeq", 2), *(("cart", "adult", seed) for seed in pages.SEEDS)]
    text = text_of(records, pages, tmp_path / "judged.jsonl", lost)
    pairs = itertools.product(pages.JUDGED, pages.tables.TARGETS)
    cells = sum(itertools.starmap(records.has_cell, pairs))
    first = f"Means of 3 seeds in {cells - 2} of {cells} cells, of fewer in the others."
    assert text.startswith(first + "\n")
    told = parts(text)[pages.FIGURES["c2st_unseen"]]
    (smote,), (cart,) = told["`smote`"], told["`cart`"]
    assert smote[0] == f"{level(pages.JUDGED.index('smote'), 0) - 0.02:.2f}"  # of two seeds
    assert "-" not in smote
    assert cart[-2:] == ["-", "-"]  # no mean over tables where one is missing
    assert "-" not in cart[:-2]


def test_the_text_names_what_is_of_an_older_version_of_the_code(records, pages, tmp_path):
    text = text_of(records, pages, tmp_path / "judged.jsonl", old=("smote", "cart"))
    assert text.startswith(
        "Means of 3 seeds. Made by an older version of the code: `cart`, `smote`.\n"
    )


def test_a_table_above_the_limit_of_a_method_is_no_missing_cell(records, pages, tmp_path):
    large = [name for name in pages.tables.TARGETS if not records.has_cell("great", name)]
    assert large == list(records.LARGE)
    assert all(records.has_cell(m, t) for m in pages.JUDGED if m != "great" for t in large)
    lost = [("great", table, seed) for table in large for seed in pages.SEEDS]
    text = text_of(records, pages, tmp_path / "judged.jsonl", lost)
    assert text.startswith("Means of 3 seeds.\n")
    (great,) = parts(text)[pages.FIGURES["quality"]]["`great`"]
    assert [k for k, told in enumerate(great) if told == "-"] == [0, 4, 6, 7]


@pytest.mark.skipif("EQUIPOISE_DATA" not in os.environ, reason="EQUIPOISE_DATA is not set")
def test_the_large_tables_are_those_with_more_training_rows_than_great_takes(records, pages):
    folder, limit = Path(os.environ["EQUIPOISE_DATA"]), METHODS["great"].max_rows
    rows = {
        name: len(
            pages.tables.split(pages.tables.read(folder / f"{name}.csv", target), target, 0)[0]
        )
        for name, target in pages.tables.TARGETS.items()
    }
    assert [name for name, n in rows.items() if n > limit] == list(records.LARGE)


def test_a_page_that_does_not_say_what_the_records_say_is_found(
    records, pages, tmp_path, monkeypatch
):
    page = tmp_path / "page.md"
    monkeypatch.setattr(pages, "PAGE", page)
    monkeypatch.setattr(
        pages, "RECORDS", written(tmp_path / "judged.jsonl", planted(records, pages))
    )
    page.write_text(f"before\n{pages.START}old\n{pages.END}after\n", encoding="utf-8")
    assert not pages.write_page(check=True)
    assert "old\n" in page.read_text(encoding="utf-8")
    pages.write_page()
    whole = page.read_text(encoding="utf-8")
    assert whole.startswith(f"before\n{pages.START}Means of 3 seeds.")
    assert whole.endswith(f"{pages.END}after\n")
    assert pages.write_page(check=True)
    page.write_text(whole.replace("0.33", "0.34", 1), encoding="utf-8")
    assert not pages.write_page(check=True)


@pytest.mark.skipif(not KEPT.exists(), reason="docs/results/judged.jsonl is not there yet")
def test_no_method_took_a_fallback_on_a_table_of_the_articles(records, pages):
    kept = records.Records(KEPT)
    ours = [name for name in pages.JUDGED if name not in pages.REFERENCES]
    found = [r for m, t in itertools.product(ours, pages.tables.TARGETS) for r in kept.of(m, t)]
    assert len(found) > 300
    assert [r for r in found if r["fallbacks"]] == []


@pytest.mark.skipif(not KEPT.exists(), reason="docs/results/judged.jsonl is not there yet")
def test_the_page_is_what_the_records_say():
    program = [sys.executable, "benchmarks/judged_tables.py", "--check"]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, "docs/synthesizers.md is not what judged.jsonl says" + done.stderr
