"""Tables in the terminal: drawn on a screen, tab-separated when piped."""

import sys
from collections.abc import Sequence


class Table:
    """Rows of text under a header."""

    def __init__(self, header: Sequence[str]) -> None:
        self.header = tuple(header)
        self.rows: list[tuple[str, ...]] = []

    def add_row(self, *cells: str) -> None:
        """Add one row, a text for each name of the header."""
        self.rows.append(cells)

    def show(self) -> None:
        """Print it."""
        if not sys.stdout.isatty():
            for row in (self.header, *self.rows):
                print("\t".join(row))
            return
        import rich.box
        from rich.console import Console
        from rich.table import Table as RichTable
        from rich.text import Text

        drawn = RichTable(box=rich.box.SIMPLE_HEAD, pad_edge=False)
        for name in self.header:
            drawn.add_column(name, overflow="fold")
        for row in self.rows:
            drawn.add_row(*(Text(cell) for cell in row))
        Console().print(drawn)


def table(*header: str) -> Table:
    """Begin a table with these column names."""
    return Table(header)
