"""From a summary to one HTML file that needs no network: scripts, styles, numbers and charts are all inside."""

import functools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from equipoise.report.drawing import Figure
from equipoise.report.figures import GROUPS, STEERS, figures
from equipoise.report.further import CHOICES
from equipoise.report.style import DARK, LIGHT, css_variables
from equipoise.tables.draft import Draft

TEMPLATES = Path(__file__).parent / "templates"

STEER_WORDS = {
    "scope": "Table",
    "metric": "Score",
    "plan": "Plan",
    "classifier": "Classifier",
    "against": "Against",
}

# What could end a script element, start a comment in it, or a line in old scripts' eyes.
ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def json_for_script(value: Any) -> Markup:
    """Write a value as JSON that may stand inside a script element whatever strings it holds.

    Raises
    ------
    ValueError
        A number is not finite: JSON has no word for it.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character, escape in ESCAPES.items():
        text = text.replace(character, escape)
    return Markup(text)


@functools.cache
def scripts() -> Markup:
    """Give Vega and vega-embed as one script text, as vl-convert brings them."""
    import vl_convert

    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return Markup(bundle.replace("</script", "<\\/script").replace("<!--", "<\\!--"))


def compiled(figure: Figure) -> dict[str, Any]:
    """Give a figure as a Vega specification without its data and legends: the page brings both."""
    import vl_convert

    spec = {**figure.spec, "config": {**figure.spec["config"], "legend": {"disable": True}}}
    whole: dict[str, Any] = vl_convert.vegalite_to_vega(spec)
    whole.pop("$schema", None)
    return whole


def _steers(summary: dict[str, Any], drawn: list[Figure]) -> list[dict[str, Any]]:
    """Give the choices that the charts offer, only where there is something to choose."""
    used = {name for f in drawn for name in f.steers}
    return [
        {"name": name, "word": STEER_WORDS[name], "options": summary["lookups"][name]}
        for name in STEERS
        if name in used and len(summary["lookups"][name]) > 1
    ]


def _choices(summary: dict[str, Any], drawn: list[Figure]) -> dict[str, dict[str, Any]]:
    """Give the choices that stand beside the only chart that they steer."""
    used = {name for f in drawn for name in f.steers}
    return {
        name: {
            "word": word,
            "options": summary["lookups"][name],
            "first": summary["chosen"].get(name, 0),
        }
        for name, word in CHOICES.items()
        if name in used and len(summary["lookups"][name]) > 1
    }


def filled(
    template: str, drawn: list[Figure], groups: Sequence[str], payload: dict[str, Any], **words: Any
) -> str:
    """Fill a template: the charts by group, their numbers, the scripts that draw them, and words.

    Parameters
    ----------
    template : str
        A file of `templates`, which extends ``base.html.j2``.
    drawn : list of Figure
    groups : sequence of str
        The places that the template has for charts.
    payload : dict
        ``tables`` and ``lookups`` that the charts read.
    **words : object
        What else the template names; ``title`` among them.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["thousands"] = lambda n: f"{n:,}"
    charts = [
        {
            "name": f.name,
            "title": f.title,
            "table": f.table,
            "steers": f.steers,
            "listed": f.listed,
            "spec": compiled(f),
        }
        for f in drawn
    ]
    return environment.get_template(template).render(
        groups={name: [f for f in drawn if f.group == name] for name in groups},
        drawn=bool(drawn),
        payload=json_for_script({**payload, "charts": charts}),
        scripts=scripts() if drawn else Markup(""),
        style=Markup((TEMPLATES / "page.css").read_text(encoding="utf-8")),
        behaviour=Markup((TEMPLATES / "page.js").read_text(encoding="utf-8")),
        light=Markup(css_variables(LIGHT)),
        dark=Markup(css_variables(DARK)),
        **words,
    )


def render(summary: dict[str, Any]) -> str:
    """Give the page as text.

    Parameters
    ----------
    summary : dict
        As `summary.summarize` gives it.
    """
    drawn = figures(summary)
    payload = {"tables": summary["tables"], "lookups": summary["lookups"]}
    return filled(
        "page.html.j2", drawn, GROUPS, payload,
        title=summary["title"], s=summary, steers=_steers(summary, drawn),
        choices=_choices(summary, drawn),
    )  # fmt: skip


def write_page(summary: dict[str, Any], path: str | Path) -> Path:
    """Write the page whole or not at all.

    Parameters
    ----------
    summary : dict
    path : path
        Of the HTML file; replaced if it is there.
    """
    return write_whole(render(summary), path)


def write_whole(text: str, path: str | Path) -> Path:
    """Write a text file whole or not at all.

    Raises
    ------
    DataError
        No file can be put there.
    """
    path = Path(path)
    with Draft(path) as draft:
        draft.write(text.encode("utf-8"))
    return path
