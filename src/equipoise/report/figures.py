"""From the tables of a summary to charts, in one style.

They are steered by numbers: `scope`, `metric`, `plan`, `classifier`, `against`.
"""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import altair as alt

from equipoise.report.charted import expand, families_drawn
from equipoise.report.drawing import (
    SIGNED_GAIN,
    STEP,
    Figure,
    Spec,
    chart_of,
    columns_axis,
    family_colour,
    heat_tiles,
    ink_on_tile,
    rows_axis,
    steered,
    tips_of,
    value_axis,
    with_families,
)
from equipoise.report.flow import flow
from equipoise.report.further import GROUPS as FURTHER
from equipoise.report.further import further_figures
from equipoise.report.levels_figures import LEVEL_TIPS, PLANNED
from equipoise.report.listings import listings
from equipoise.report.run_quality_figures import run_quality_figures
from equipoise.report.sheets import chosen_in, sheet
from equipoise.report.style import colour, dress
from equipoise.report.words import FAMILY_LABELS
from equipoise.tables.draft import make_folder

MOST_TABLES = 12  # beyond that, files of each table would be hundreds
GROUPS = (
    "headline",
    "gains",
    "heat",
    "gap",
    "quality",
    "copies",
    "helpful",
    "counts",
    "cost",
    *FURTHER,
)
STEERS = ("scope", "metric", "plan", "classifier", "against")


def _band(rope: float) -> Any:
    data = alt.InlineData(values=[{"low": -rope, "high": rope, "zero": 0}])
    base = alt.Chart(data)
    band = base.mark_rect(color=colour("band"), opacity=1).encode(x="low:Q", x2="high:Q")
    return alt.layer(band, base.mark_rule(color=colour("zero")).encode(x="zero:Q"))


GAIN_TIPS = tips_of(
    ("label", "treatment", ""),
    ("table", "table", ""),
    ("opponent", "against", ""),
    ("gain", "gain", "+.4f"),
    ("low", "from", "+.4f"),
    ("high", "to", "+.4f"),
    ("score", "score", ".4f"),
    ("failed", "failed splits", "d"),
    ("word", "verdict", ""),
)


TRIED = "isValid(datum.gain)"


def _failed(rows: alt.Chart, title: str, order: str) -> alt.Chart:
    """Write "failed" where a dot would be, for what failed in every split."""
    lost = rows.transform_filter(f"!{TRIED}").transform_calculate(nothing="0")
    words = lost.mark_text(text="failed", align="left", dx=5, fontSize=11, color=colour("soft"))
    return words.encode(x=value_axis("nothing", title), y=rows_axis(order=order), tooltip=GAIN_TIPS)


def headline(families: list[str], rope: float, decisive: int) -> Spec:
    """Draw gains over doing nothing (open) and over the opponent that decides (filled, with interval)."""
    here = "datum.scope === scope && datum.metric === metric && datum.classifier === classifier"
    here += f" && {PLANNED}"
    tint = family_colour(families)
    x = value_axis("gain", "gain in score")
    filled = chart_of("gains", f"{here} && datum.against === {decisive}")
    bars = filled.transform_filter("isValid(datum.low)").mark_rule(strokeWidth=2.2, opacity=0.55)
    bars = bars.encode(x=x, x2="high:Q", y=rows_axis(), color=tint)
    bars = bars.encode(x=value_axis("low", "gain in score"))
    dots = filled.transform_filter(TRIED).mark_point(filled=True, size=95, opacity=1)
    dots = dots.encode(x=x, y=rows_axis(), color=tint, tooltip=GAIN_TIPS)
    layers = [_band(rope), bars, dots, _failed(filled, "gain in score", "order")]
    if decisive != 0:
        ring = chart_of("gains", f"{here} && datum.against === 0", TRIED)
        ring = ring.mark_point(filled=False, size=80, strokeWidth=1.6, opacity=1)
        layers.append(ring.encode(x=x, y=rows_axis(), color=tint, tooltip=GAIN_TIPS))
    chart = alt.layer(*layers).properties(height=alt.Step(STEP))
    return steered(chart, "scope", "metric", "plan", "classifier")


def gain_of_metric(families: list[str], rope: float, metric: int) -> Spec:
    """Draw the gains in one score over one opponent, with intervals."""
    here = f"datum.scope === scope && datum.metric === {metric} && datum.against === against"
    here += f" && datum.classifier === classifier && {PLANNED}"
    tint = family_colour(families)
    rows = chart_of("gains", here)
    bars = rows.transform_filter("isValid(datum.low)").mark_rule(strokeWidth=2.2, opacity=0.55)
    bars = bars.encode(
        x=value_axis("low", "gain"), x2="high:Q", y=rows_axis(order="first"), color=tint
    )
    dots = rows.transform_filter(TRIED).mark_point(filled=True, size=70, opacity=1)
    dots = dots.encode(
        x=value_axis("gain", "gain"), y=rows_axis(order="first"), color=tint, tooltip=GAIN_TIPS
    )
    lost = _failed(rows, "gain", "first")
    chart = alt.layer(_band(rope), bars, dots, lost).properties(height=alt.Step(STEP))
    return steered(chart, "scope", "plan", "classifier", "against")


def heat_map(first_table: int, widest: float) -> Spec:
    """Draw gains by treatment and table."""
    here = f"datum.scope >= {first_table} && datum.metric === metric && datum.against === against"
    here += f" && datum.classifier === classifier && {PLANNED}"
    rows = chart_of("gains", here)
    x = columns_axis("table", "scope")
    ends = [-widest, -widest / 2, 0, widest / 2, widest]
    tried = rows.transform_filter(TRIED)
    tiles = heat_tiles(tried, "gain", ends, x=x, y=rows_axis(), tooltip=GAIN_TIPS)
    written = tried.transform_calculate(text=SIGNED_GAIN).mark_text(fontSize=11)
    written = written.encode(x=x, y=rows_axis(), text="text:N", color=ink_on_tile("gain"))
    lost = rows.transform_filter(f"!{TRIED}").mark_text(
        text="failed", fontSize=11, color=colour("soft")
    )
    lost = lost.encode(x=x, y=rows_axis(), tooltip=GAIN_TIPS)
    chart = alt.layer(tiles, written, lost).properties(height=alt.Step(27))
    return steered(chart, "metric", "plan", "classifier", "against")


def _level_rows() -> str:
    here = "datum.scope === scope && datum.metric === metric && datum.classifier === classifier"
    return f"{here} && {PLANNED}"


def train_and_test(families: list[str]) -> Spec:
    """Draw train and test scores joined by a line: the generalization gap."""
    rows = chart_of("levels", _level_rows())
    tint = family_colour(families)
    line = rows.mark_rule(strokeWidth=2, opacity=0.4)
    line = line.encode(
        x=value_axis("test", "score", False, ".2f"), x2="train:Q", y=rows_axis(), color=tint
    )
    test = rows.mark_point(filled=True, size=75, opacity=1)
    test = test.encode(
        x=value_axis("test", "score", False, ".2f"), y=rows_axis(), color=tint, tooltip=LEVEL_TIPS
    )
    train = rows.mark_point(filled=False, size=65, strokeWidth=1.6, opacity=1)
    train = train.encode(
        x=value_axis("train", "score", False, ".2f"), y=rows_axis(), color=tint, tooltip=LEVEL_TIPS
    )
    chart = alt.layer(line, test, train).properties(height=alt.Step(STEP))
    return steered(chart, "scope", "metric", "plan", "classifier")


def class_counts(many: bool) -> Spec:
    """Draw the training rows of each class and what the plan adds."""
    where = "(scope === 0 || datum.scope === scope)" if many else "true"
    rows = chart_of("counts", f"{where} && datum.plan === plan")
    bars = rows.mark_bar(height=13).encode(
        x=alt.X("rows:Q", title="training rows", axis=alt.Axis(format=",d", tickCount=4)),
        y=rows_axis(),
        color=alt.Color(
            "kind:N",
            title=None,
            scale=alt.Scale(domain=["real", "added"], range=[colour("real"), colour("added")]),
        ),
        order=alt.Order("kind:N", sort="descending"),
        tooltip=tips_of(("label", "class", ""), ("kind", "kind", ""), ("rows", "rows", ",d")),
    )
    return steered(bars.properties(height=alt.Step(20)), "scope", "plan")


def cost(families: list[str], field: str) -> Spec:
    """Draw seconds or megabytes by method, on a logarithmic scale for seconds."""
    rows = chart_of("cost", "datum.scope === scope")
    tint = family_colour(families)
    tips = tips_of(
        ("method", "method", ""),
        ("seconds", "seconds, median trial", ".3~s"),
        ("low", "fastest", ".3~s"),
        ("high", "slowest", ".3~s"),
        ("mb", "peak memory, MB", ",.0f"),
    )
    if field == "seconds":
        axis = alt.Axis(format="~g", tickCount=4)
        x = alt.X("seconds:Q", title="seconds per trial", scale=alt.Scale(type="log"), axis=axis)
        spread = rows.mark_rule(strokeWidth=2.2, opacity=0.55)
        low = alt.X("low:Q", title="seconds per trial", scale=alt.Scale(type="log"), axis=axis)
        layers = [spread.encode(x=low, x2="high:Q", y=rows_axis("method"), color=tint)]
    else:
        axis = alt.Axis(format="~s", tickCount=4)
        x = alt.X("mb:Q", title="peak memory, MB", scale=alt.Scale(zero=True), axis=axis)
        stem = rows.mark_bar(height=3, opacity=0.45)
        layers = [stem.encode(x=x, y=rows_axis("method"), color=tint)]
    dots = rows.mark_point(filled=True, size=75, opacity=1)
    layers.append(dots.encode(x=x, y=rows_axis("method"), color=tint, tooltip=tips))
    return steered(alt.layer(*layers).properties(height=alt.Step(STEP)), "scope")


def figures(summary: dict[str, Any]) -> list[Figure]:
    """Give every figure that the summary has numbers for, in the order of the page."""
    tables, looked = summary["tables"], summary["lookups"]
    families = list(FAMILY_LABELS)
    many = len(looked["scope"]) > 1
    found: list[Figure] = []
    if tables["gains"]["rows"]:
        decisive = summary["opponents"].index(summary["main_opponent"])
        spec = headline(families, summary["rope"], decisive)
        found.append(Figure("headline", "headline", "Gain by treatment", spec, "gains"))
        for m, metric in enumerate(looked["metric"]):
            spec = gain_of_metric(families, summary["rope"], m)
            only = {"metric": m}
            found.append(Figure(f"gains-{m}", "gains", metric, spec, "gains", only))
        if many:
            place = tables["gains"]["columns"].index("gain")
            sizes = [abs(row[place] or 0.0) for row in tables["gains"]["rows"]]
            widest = max(0.03, min(0.2, sorted(sizes)[int(0.98 * (len(sizes) - 1))]))
            spec = heat_map(1, round(widest, 3))
            found.append(Figure("heat-map", "heat", "Gain by table", spec, "gains"))
    if tables["levels"]["rows"]:
        spec = train_and_test(families)
        found.append(Figure("train-test", "gap", "Train and test scores", spec, "levels"))
    found += run_quality_figures(summary, families, many)
    found += further_figures(summary, families)
    if tables["counts"]["rows"]:
        spec = class_counts(many)
        found.append(Figure("class-counts", "counts", "Training rows by class", spec, "counts"))
    if tables["cost"]["rows"]:
        found.append(Figure("seconds", "cost", "Time", cost(families, "seconds"), "cost"))
        found.append(Figure("memory", "cost", "Memory", cost(families, "mb"), "cost"))
    return [_with_own_key(figure, summary) for figure in found]


def _with_own_key(figure: Figure, summary: dict[str, Any]) -> Figure:
    drawn = families_drawn(summary["tables"][figure.table], summary["lookups"])
    return replace(figure, spec=with_families(figure.spec, drawn))


def standalone(figure: Figure, summary: dict[str, Any], scope: int = 0, width: int = 680) -> Spec:
    """Give a figure with its data and a title, in the light palette, ``width`` points wide.

    ``scope`` is the place in the summary's ``lookups["scope"]`` of what it shows, if it depends on that.
    """
    looked, chosen = summary["lookups"], chosen_in(summary, scope)
    values = expand(summary["tables"][figure.table], looked)
    if "scope" in figure.steers:
        values = [v for v in values if v["scope"] == scope] or values
    shown = [
        str(looked[name][chosen.get(name, 0)])
        for name in figure.steers
        if name != "classifier" and looked.get(name)
    ]
    spec: Spec = dress(figure.spec)
    params = [{**p, "value": chosen.get(p["name"], p["value"])} for p in spec.get("params", [])]
    return {
        **spec,
        "params": params,
        **({} if figure.panels else {"width": width}),
        "datasets": {**spec.get("datasets", {}), figure.table: values},
        "title": {"text": figure.title, "subtitle": " · ".join(shown)},
        "config": {**spec["config"], "background": "#ffffff"},
    }


def scopes_of(figure: Figure, names: list[str]) -> list[tuple[int, str]]:
    """Give what to draw of a figure: (scope, end of the file's name), all tables first."""
    first = [(0, "")]
    if "scope" not in figure.steers or not 2 < len(names) <= MOST_TABLES + 1:
        return first
    plain = [re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] for name in names]
    twins = [plain.count(p) > 1 or not p for p in plain]
    ends = [
        f"{p}-{i}".strip("-") if twin else p
        for i, (p, twin) in enumerate(zip(plain, twins, strict=True))
    ]
    return first + [(i, f"-{ends[i]}") for i in range(1, len(names))]


def write_figures(summary: dict[str, Any], folder: str | Path, scale: float = 2.0) -> list[Path]:
    """Write every figure as PNG and SVG, and its numbers as CSV; up to twelve tables also each by itself.

    What stays a table on the page is written as CSV alone, and the drawing of a trial, which has no numbers, without.

    The folder is made if it is not there, or it is a `DataError`; ``scale`` is the PNG's pixels per point.
    """
    import vl_convert

    folder = Path(folder)
    make_folder(folder)
    written = []
    for figure in figures(summary):
        for scope, end in scopes_of(figure, summary["lookups"]["scope"]):
            drawn = vl_convert.vegalite_to_svg(standalone(figure, summary, scope))
            svg, png, numbers = (
                folder / f"{figure.name}{end}.{kind}" for kind in ("svg", "png", "csv")
            )
            svg.write_text(drawn, encoding="utf-8")
            png.write_bytes(vl_convert.svg_to_png(drawn, scale=scale))
            numbers.write_text(sheet(figure, summary, scope), encoding="utf-8")
            written += [png, svg, numbers]
    for name, text in listings(summary).items():
        written.append(folder / f"{name}.csv")
        written[-1].write_text(text, encoding="utf-8")
    svg, png = folder / "trial.svg", folder / "trial.png"
    svg.write_text(flow(), encoding="utf-8")
    png.write_bytes(vl_convert.svg_to_png(flow(), scale=scale))
    return [*written, png, svg]
