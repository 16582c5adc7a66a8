"""One look for every chart: colours, type and spacing, for the page (light and dark) and for print.

On the page, colours are CSS variables, so that one drawing serves light, dark and paper; in exported files they are the
light values. Family colours follow Okabe and Ito's set, which the colour-blind can tell apart; a
label always says the same. Whatever names of a palette are used for text have a contrast of at least 4.5 to 1 with its
paper.
"""

from typing import Any

LIGHT: dict[str, str] = {
    "ink": "#22252b",
    "soft": "#5f6670",
    "grid": "#e7e6e1",
    "band": "#ebe9e2",
    "zero": "#a5a7ab",
    "paper": "#ffffff",
    "decision": "#5d6774",
    "resampling": "#0072b2",
    "noise": "#946900",
    "neighbours": "#00845f",
    "trees": "#c04d00",
    "network": "#b0508a",
    "own": "#4a3aa7",
    "law": "#0b0d10",
    "real": "#b9bec6",
    "added": "#0072b2",
    "helps": "#1d6aa5",
    "may-help": "#8db8d8",
    "hurts": "#b4521a",
    "may-hurt": "#e3a77f",
}

DARK: dict[str, str] = {
    "ink": "#e6e4df",
    "soft": "#a2a7b0",
    "grid": "#2b2f36",
    "band": "#2a2d33",
    "zero": "#6d727b",
    "paper": "#17191d",
    "decision": "#a9b2be",
    "resampling": "#56b4e9",
    "noise": "#e6b13c",
    "neighbours": "#2fc09a",
    "trees": "#f08a4b",
    "network": "#e294c2",
    "own": "#a99cff",
    "law": "#ffffff",
    "real": "#565c66",
    "added": "#56b4e9",
    "helps": "#6db3e6",
    "may-help": "#3f6f94",
    "hurts": "#f0935c",
    "may-hurt": "#96603c",
}

HEAT = ("#b4521a", "#e3a77f", "#f4f1ea", "#8db8d8", "#1d6aa5")  # hurts ... nothing ... helps
TONES = ("resampling", "trees", "neighbours", "network", "noise", "own", "decision")  # of tables
HEAT_INK = ("#000000", "#ffffff")
DARK_TILE = 0.179  # the luminance on which both inks have the same contrast, 4.58 to 1

SANS = "'Inter', 'Helvetica Neue', 'Segoe UI', 'Liberation Sans', Arial, sans-serif"


def colour(name: str) -> str:
    """Give a colour by name, as a mark that `dress` resolves."""
    return f"var(--{name})"


def config() -> dict[str, Any]:
    """Give the Vega-Lite configuration of every chart."""
    axis = {
        "domain": False,
        "ticks": False,
        "labelColor": colour("soft"),
        "titleColor": colour("soft"),
        "titleFontWeight": "normal",
        "titleFontSize": 12,
        "labelFontSize": 12,
        "labelPadding": 8,
        "titlePadding": 10,
        "gridColor": colour("grid"),
    }
    return {
        "font": SANS,
        "background": "transparent",
        "view": {"stroke": None},
        "axis": axis,
        "axisX": {"grid": True, "labelFlush": False, "labelOverlap": True, "labelSeparation": 9},
        "axisY": {"grid": False, "labelColor": colour("ink"), "labelLimit": 230},
        "legend": {
            "labelColor": colour("ink"),
            "titleColor": colour("soft"),
            "titleFontWeight": "normal",
            "labelFontSize": 12,
            "orient": "top",
            "symbolType": "circle",
            "columns": 4,
        },
        "title": {
            "color": colour("ink"),
            "subtitleColor": colour("soft"),
            "fontSize": 15,
            "fontWeight": 600,
            "subtitleFontSize": 12,
            "anchor": "start",
            "offset": 14,
        },
        "text": {"color": colour("ink"), "fontSize": 11},
        "rule": {"color": colour("zero")},
    }


def dress(value: Any, palette: dict[str, str] = LIGHT) -> Any:
    """Replace the colour marks of `colour` by a palette's colours, for files that no style sheet reaches."""
    if isinstance(value, dict):
        return {k: dress(v, palette) for k, v in value.items()}
    if isinstance(value, list):
        return [dress(v, palette) for v in value]
    if isinstance(value, str) and value.startswith("var(--") and value.endswith(")"):
        return palette.get(value[6:-1], value)
    return value


def css_variables(palette: dict[str, str]) -> str:
    """Give a palette as CSS custom properties."""
    return " ".join(f"--{name}: {value};" for name, value in palette.items())
