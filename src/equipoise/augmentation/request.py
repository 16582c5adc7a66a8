"""What is asked of an augmentation, checked before any work is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from equipoise import registry
from equipoise.errors import DataError, MissingExtra, OptionError
from equipoise.samplers.strategies import Plan, parse_plan
from equipoise.tables.draft import check_place
from equipoise.tables.io import Reading, absent, check_names, input_format
from equipoise.tables.writer import CSV_ENDINGS, output_format

NO_NEW_ROWS = {
    "identity": "leaves a table as it is",
    "undersample": "takes rows away",
    "oracle": "knows the true law, which a table of your own does not come with",
}


@dataclass(frozen=True)
class Request:
    """What is asked.

    Attributes
    ----------
    data, output : Path
    target : str
    method : str or None
        A method to fit.
    parameters : mapping of str to value
        Of the method.
    model : Path or None
        A fitted one in its place.
    plan : str or None
        "balance" if neither a plan nor `rows` is given.
    rows : int or None
        So many new rows at training proportions, in place of a plan.
    by : str or None
        A column whose levels the plan counts in place of the target's.
    only_new : bool
        Leave the originals out of the output.
    mark : str or None
        Name of a column to add: whether a row is synthetic.
    save : Path or None
        Where the fitted model goes.
    fit_rows : int or None
        Most rows to fit on.
    seed : int
    reading : Reading
    """

    data: Path
    target: str
    output: Path
    method: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    model: Path | None = None
    plan: str | None = None
    rows: int | None = None
    by: str | None = None
    only_new: bool = False
    mark: str | None = None
    save: Path | None = None
    fit_rows: int | None = None
    seed: int = 0
    reading: Reading = field(default_factory=Reading)

    def check(self) -> None:
        """Refuse what cannot be done, as far as it shows without the data.

        Raises
        ------
        OptionError, DataError
            The sentence says what to do.
        """
        self._check_options()
        if self.method is not None:
            _check_method(self.method)
            registry.check_parameters(registry.method(self.method), self.parameters)
        output_format(self.output)
        input_format(self.data)
        check_place(self.output)
        places = {"the data": self.data, "--model": self.model}
        for option, place in (("-o", self.output), ("--save", self.save)):
            for name, other in places.items():
                if place is not None and other is not None and _same(place, other):
                    raise OptionError(
                        f"{option} names {place}, which is {name}, too; name another file"
                    )
            places[option] = place
        if self.save is not None:
            check_place(self.save)
        if self.model is not None and not self.model.is_file():
            raise DataError(f"there is no file {self.model}, which --model names")

    def _check_options(self) -> None:
        if self.rows is not None and self.plan is not None:
            raise OptionError(
                "--rows and --plan both say how many rows to make; give one of the two"
            )
        if (self.method is None) == (self.model is None):
            raise OptionError(
                "--model is fitted already: leave out --method"
                if self.model is not None
                else "--method NAME is needed to fit one, or --model FILE to use a saved one; "
                "equipoise methods lists them"
            )
        if self.model is not None and (self.fit_rows or self.save or self.parameters):
            option = "--fit-rows" if self.fit_rows else "--save" if self.save else "--set"
            raise OptionError(
                f"{option} speaks of a fit, but --model is fitted already; leave it out"
            )
        for option, value, least in (
            ("--rows", self.rows, 1),
            ("--fit-rows", self.fit_rows, 1),
            ("--seed", self.seed, 0),
        ):
            if value is not None and value < least:
                raise OptionError(f"{option} must be {least} or more, got {value}")
        if self.by == self.target:
            raise OptionError(
                f"--by names {self.by!r}, which is the target; the plan counts its classes anyway"
            )
        if self.mark is not None and not self.mark.strip():
            raise OptionError("--mark needs the name of a column to add, got none")
        parse_plan(self.plan or "balance")

    def check_columns(self, names: Sequence[str]) -> None:
        """Refuse options that do not fit the columns of the data."""
        check_names(self.data, names, self.reading)
        for option, name in (("target", self.target), ("by", self.by)):
            if name is None:
                continue
            if name in self.reading.drop:
                raise OptionError(f"the column {name!r} is both --{option} and dropped; keep it")
            if name not in names:
                raise OptionError(
                    f"--{option} names the column {name!r}, but {absent(self.data, name, names)}"
                )
        if self.mark in names:
            raise OptionError(
                f"--mark names {self.mark!r}, a column that {self.data} has already; name a new one"
            )

    @property
    def counting(self) -> Plan | None:
        """The plan; None where `rows` is given."""
        return None if self.rows is not None else parse_plan(self.plan or "balance")

    @property
    def is_parquet(self) -> bool:
        """Whether the data is Parquet."""
        return input_format(self.data)[0] not in CSV_ENDINGS


def _check_method(name: str) -> None:
    entry = registry.method(name)
    reason = NO_NEW_ROWS.get(name)
    if reason is None and (missing := registry.missing_extra(entry)):
        raise MissingExtra(missing)
    if reason is None and not hasattr(registry.load_class(entry.target), "sample"):
        reason = "has no sample(n)"
    if reason:
        raise OptionError(
            f"--method {name} makes no new rows: it {reason}; equipoise methods lists those that do"
        )


def _same(one: Path, other: Path) -> bool:
    if one.exists() and other.exists():
        return one.samefile(other)
    return one.resolve() == other.resolve()
