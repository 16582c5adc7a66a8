"""The drawing of a trial's flow as a file of its own, as the page has it inside."""

import re
from pathlib import Path

import jinja2

from equipoise.report.style import LIGHT, SANS

TEMPLATES = Path(__file__).parent / "templates"


def flow() -> str:
    """Give the drawing as SVG in the light palette."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True
    )
    text = environment.get_template("flow.svg.j2").render().strip()
    text = re.sub(r"var\(--(\w+)\)", lambda found: LIGHT[found[1]], text)
    font = SANS.replace("'", "")
    return text.replace('class="flow"', f'width="910" height="270" font-family="{font}"')
