"""Options of every command that reads a table of the user's."""

from typing import Annotated

import typer

Missing = Annotated[
    list[str] | None, typer.Option(help="A text that means a missing value; may be repeated.")
]
Categorical = Annotated[
    list[str] | None, typer.Option(help="A column to take as categories; may be repeated.")
]
Numeric = Annotated[
    list[str] | None, typer.Option(help="A column to take as numbers; may be repeated.")
]
Drop = Annotated[list[str] | None, typer.Option(help="A column to leave out; may be repeated.")]
