"""What all charts share: a figure and its table, the numbers that steer it, axes, tooltips.

A chart's specification holds no name from the user's data: it reads a named table whose rows carry indices and labels.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import altair as alt

from equipoise.report.style import DARK_TILE, HEAT, HEAT_INK, colour, config
from equipoise.report.words import FAMILY_LABELS

Spec = dict[str, Any]

STEP = 23  # pixels of a row


@dataclass(frozen=True, eq=False)
class Figure:
    """One chart and what stands around it.

    Attributes
    ----------
    name, group : str
        Of its files and its place in the page; charts of one group stand side by side under one heading.
    title : str
    spec : dict
        Vega-Lite, with colour marks of `style.colour` and a named table.
    table : str
        Which table of the summary it reads.
    only : dict of str to int
        What it shows of the table whatever steers it: a column and its value.
    """

    name: str
    group: str
    title: str
    spec: Spec
    table: str
    only: dict[str, int] = field(default_factory=dict)

    @property
    def panels(self) -> bool:
        """Whether it is many small panels, each of a width of its own."""
        return "facet" in self.spec

    @property
    def listed(self) -> bool:
        """Whether its marks stand in rows, one label below the other."""
        layers = self.spec.get("layer", [self.spec])
        kinds = [layer.get("encoding", {}).get("y", {}).get("type") for layer in layers]
        return not self.panels and "nominal" in kinds

    @property
    def steers(self) -> list[str]:
        """The numbers that steer it."""
        return [param["name"] for param in self.spec.get("params", [])]


def chart_of(table: str, *conditions: str) -> alt.Chart:
    """Begin a chart of the rows of a named table that meet all conditions."""
    chart = alt.Chart(alt.NamedData(name=table))
    for condition in conditions:
        chart = chart.transform_filter(condition)
    return chart


def steered(chart: Any, *used: str, **fixed: int) -> Spec:
    """Finish a chart: the numbers that steer it, its width, its configuration."""
    params = [alt.param(name=n, value=fixed.get(n, 0)) for n in used]
    whole = chart.add_params(*params).properties(width="container")
    spec: Spec = whole.to_dict(validate=True)
    spec.pop("$schema", None)
    spec["config"] = config()
    return spec


def in_panels(chart: Any, facet: alt.Facet, columns: int, *used: str, **fixed: int) -> Spec:
    """Finish a chart that is drawn once for each value of a facet; its data is named in the chart itself."""
    whole = chart.facet(facet=facet, columns=columns)
    spec: Spec = whole.to_dict(validate=True)
    spec.pop("$schema", None)
    spec["params"] = [{"name": n, "value": fixed.get(n, 0)} for n in used]
    spec["config"] = config()
    return spec


def rows_axis(field: str = "label", order: str = "order") -> alt.Y:
    """Give an axis with one line a label, in the order of a field."""
    return alt.Y(
        f"{field}:N",
        title=None,
        sort=alt.EncodingSortField(field=order, op="min", order="ascending"),
    )


def family_colour(families: list[str]) -> alt.Color:
    """Give the colours of the families of methods."""
    words = [FAMILY_LABELS[f] for f in families]
    scale = alt.Scale(domain=words, range=[colour(f) for f in families])
    return alt.Color("family:N", title=None, scale=scale)


def with_families(spec: Spec, drawn: Collection[str]) -> Spec:
    """Keep in every key of families those that are drawn, each in its colour."""

    def kept(part: Any) -> Any:
        if isinstance(part, list):
            return [kept(p) for p in part]
        if not isinstance(part, dict):
            return part
        if part.get("field") != "family" or "domain" not in part.get("scale", {}):
            return {key: kept(value) for key, value in part.items()}
        scale = part["scale"]
        every = zip(scale["domain"], scale["range"], strict=True)
        pairs = [(word, tint) for word, tint in every if word in drawn]
        ends = {"domain": [w for w, _ in pairs], "range": [t for _, t in pairs]}
        return {**part, "scale": {**scale, **ends}}

    found: Spec = kept(spec)
    return found


def value_axis(field: str, title: str, zero: bool = True, form: str = "+.2f") -> alt.X:
    """Give an axis of numbers."""
    # Vega would write the sign of zero, and a hyphen for minus
    label = f"datum.value === 0 ? '0' : replace(format(datum.value, '{form}'), '-', '−')"
    return alt.X(
        f"{field}:Q",
        title=title,
        scale=alt.Scale(zero=zero, nice=True, padding=8),
        axis=alt.Axis(labelExpr=label, tickCount=5),
    )


def columns_axis(field: str, order: str) -> alt.X:
    """Give an axis of columns with their names above them, in the order of a field."""
    axis = alt.Axis(orient="top", labelAngle=-30, labelLimit=140, labelOverlap=False, grid=False)
    return alt.X(f"{field}:N", title=None, sort=alt.EncodingSortField(order, op="min"), axis=axis)


# What is written on a tile of a heat map of gains.
SIGNED_GAIN = "abs(datum.gain) < 0.0005 ? '0' : replace(format(datum.gain, '+.3f'), '-', '−')"


def heat_tiles(rows: alt.Chart, field: str, ends: Sequence[float], **encoding: Any) -> alt.Chart:
    """Give the tiles of a heat map: from orange at the first of five ends, over paper, to blue at the last."""
    scale = alt.Scale(domain=list(ends), range=list(HEAT), clamp=True, interpolate="rgb")
    tiles = rows.mark_rect(cornerRadius=2, stroke=colour("paper"), strokeWidth=2)
    return tiles.encode(color=alt.Color(f"{field}:Q", scale=scale, legend=None), **encoding)


def ink_on_tile(field: str) -> Any:
    """Give the colour of what is written on the tiles of a heat map whose colours are those of a field."""
    dark = f"luminance(scale('color', datum.{field})) < {DARK_TILE}"
    return alt.condition(dark, alt.value(HEAT_INK[1]), alt.value(HEAT_INK[0]))


def tips_of(*pairs: tuple[str, str, str]) -> Any:
    """Give tooltips from (field, title, format of a number).

    The page makes its tables of values from them, too (`templates/page.js`).
    """
    # written out, since Vega-Lite's own tooltips show a missing number as zero
    cells = []
    for name, title, form in pairs:
        value = f"datum[{json.dumps(name)}]"
        text = f"format({value}, {json.dumps(form)})" if form else f"'' + {value}"
        cells.append(f"{json.dumps(title)}: isValid({value}) ? {text} : '–'")
    return alt.value(alt.expr("{" + ", ".join(cells) + "}"))
