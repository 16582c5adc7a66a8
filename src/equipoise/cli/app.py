"""The application: its commands, and how a mistake is answered.

Exit status: 0 done, 1 done but some trials failed, 2 the input or the call is wrong, 130 interrupted.
"""

import os
import sys
import warnings
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import typer

from equipoise.cli import advise, augment, bench, listing, quality, results
from equipoise.errors import EquipoiseError, EquipoiseWarning

app = typer.Typer(
    name="equipoise",
    help="The fair trial between doing nothing, weights, thresholds, resampling and synthesizers.",
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class _Interrupted(Exception):
    """Ctrl-C, by a name that typer leaves alone: it would end the program without a word."""


def _add(name: str, command: Callable[..., int | None]) -> None:
    @wraps(command)
    def interruptible(*args: Any, **kwargs: Any) -> int | None:
        try:
            return command(*args, **kwargs)
        except KeyboardInterrupt as error:
            raise _Interrupted(str(error) or "interrupted: what was finished is kept") from None

    app.command(name=name)(interruptible)


_add("advise", advise.advise)
_add("augment", augment.augment)
_add("bench", bench.bench)
_add("status", results.status)
_add("report", results.report)
_add("export", results.export)
_add("quality", quality.quality)
_add("datasets", listing.datasets)
_add("methods", listing.methods)
_add("check", listing.check)


# Typer has its own copy of click, or uses the package, by its version: reach the class through a name that it exports.
WrongCall: type[Exception] = next(
    cls for cls in typer.BadParameter.__mro__ if cls.__name__ == "ClickException"
)


def _version(asked: bool) -> None:
    if asked:
        from equipoise import __version__

        typer.echo(f"equipoise {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Print the version and end."
    ),
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and give its exit status.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words of the call; those of the process by default.
    """
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())  # where a module:Class of the user's own usually lies
    command = typer.main.get_command(app)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            status = command.main(args=arguments, prog_name="equipoise", standalone_mode=False)
    except WrongCall as error:
        return _refuse(error.format_message())  # type: ignore[attr-defined]
    except _Interrupted as error:
        print(error, file=sys.stderr)
        return 130
    except (typer.Abort, KeyboardInterrupt):  # before the command began
        return 130
    except EquipoiseError as error:
        return _refuse(str(error))
    return status if isinstance(status, int) else 0


def _refuse(message: str) -> int:
    print(f"equipoise: {message}", file=sys.stderr)
    return 2


def _show_warning(
    message: Warning | str, category: type[Warning], *_where: object, **_more: object
) -> None:
    if issubclass(category, EquipoiseWarning):
        print(f"note: {message}", file=sys.stderr)
