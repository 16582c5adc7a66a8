"""The table at the end of a run: gains with intervals and the word for each, or plain lines when piped."""

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

TONES = {
    "helps": "bold blue",
    "may help": "blue",
    "no difference": "dim",
    "cannot be told": "default",
    "may hurt": "yellow",
    "hurts": "bold yellow",
    "failed": "bold red",
}


def _items(board: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = [item for group in board["groups"] for item in group["items"]]
    return {
        i["label"]: i for i in sorted(found, key=lambda i: (i["method"] != "identity", -i["gain"]))
    }


def _cell(item: dict[str, Any] | None) -> Text:
    """Give gain, word and, on lines of their own, the interval and what it lacks."""
    if item is None:
        return Text("–", style="dim")
    if item["verdict"] == "failed":
        return Text("failed", style=TONES["failed"])
    gain, _, interval = item["text"].partition(" ")
    text = Text(f"{gain} ", style=TONES[item["verdict"]])
    text.append(item["verdict"], style=TONES[item["verdict"]])
    for line in filter(None, (interval, item["note"])):
        text.append(f"\n{line}", style="dim")
    return text


def _table(title: str, columns: list[tuple[str, dict[str, dict[str, Any]]]]) -> Table:
    table = Table(title=Text(title), title_justify="left", show_edge=False, pad_edge=False)
    table.add_column("treatment")
    for heading, _ in columns:
        table.add_column(Text(heading))
    for label in dict.fromkeys(label for _, items in columns for label in items):
        table.add_row(Text(label), *[_cell(items.get(label)) for _, items in columns])
    return table


def _tables(summary: dict[str, Any]) -> list[Table]:
    scopes = summary["found"]["scopes"]
    shown = summary["found_in"]
    plan = f", plan {shown['plan']}" if shown["plan"] else ""
    first = scopes[0]
    title = f"{shown['metric']} on {first['where']}{plan}: gain [95 % interval]"
    boards = [(f"against {b['against']}", _items(b)) for b in first["boards"]]
    tables = [_table(title, boards)]
    for start in range(1, len(scopes), 3):
        some = scopes[start : start + 3]
        decisive = first["boards"][-1]["against"]
        columns = [(scope["where"], _items(scope["boards"][-1])) for scope in some]
        tables.append(_table(f"Against {decisive}, table by table", columns))
    return tables


def plain_lines(summary: dict[str, Any]) -> list[str]:
    """Give the findings as lines of tab-separated fields: table, opponent, treatment, gain, verdict, what it lacks."""
    lines = []
    for scope in summary["found"]["scopes"]:
        for board in scope["boards"]:
            for item in _items(board).values():
                fields = [scope["where"], f"against {board['against']}", item["label"]]
                lines.append(
                    "\t".join([*fields, item["text"], item["verdict"], item["note"]]).rstrip("\t")
                )
    return [" ".join(line.splitlines()) for line in lines]


def show(summary: dict[str, Any], console: Console | None = None) -> None:
    """Print what was found.

    Parameters
    ----------
    summary : dict
        As `summary.summarize` gives it.
    console : rich.console.Console, optional
        A terminal gets coloured tables; a pipe or a file gets plain lines.
    """
    console = console or Console()
    for sentence in summary["progress"]["sentences"]:
        console.print(Text(sentence), soft_wrap=True)
    if summary["found"] is None:
        console.print(Text("There are no scores yet."))
        return
    if console.is_terminal:
        for table in _tables(summary):
            console.print()
            console.print(table)
        console.print()
    else:
        for line in plain_lines(summary):
            print(line, file=console.file)  # rich would expand the tabs
    for sentence in [*summary["method_notes"], summary["found"]["lead"]]:
        console.print(Text(sentence), soft_wrap=True)
