"""The verdict in a folder: the page, ``advice.json``, the code, the fitted winner, and the rows if rows won."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from equipoise.advice.summary import advice_summary
from equipoise.errors import OptionError
from equipoise.report.advice_page import write_advice_page
from equipoise.report.page import write_whole
from equipoise.samplers.oversampler import oversample
from equipoise.samplers.strategies import parse_plan
from equipoise.seeds import root_seed, seed_for
from equipoise.tables.writer import write_table

if TYPE_CHECKING:
    from equipoise.advice.verdict import Verdict

MARK = "synthetic"


def save(verdict: "Verdict", folder: Path) -> list[str]:
    """Write everything; give a line for each file.

    Parameters
    ----------
    verdict : Verdict
    folder : Path
        Made if it is not there; files of the same names are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    said = [f"page: {write_advice_page(advice_summary(verdict), folder / 'advice.html')}"]
    said.append(f"numbers: {write_whole(verdict.to_json() + chr(10), folder / 'advice.json')}")
    if verdict.estimator is None:
        return said
    said.append(_save_estimator(verdict, folder / "estimator.eqp"))
    table = augmented_table(verdict)
    if table is not None:
        place = folder / "augmented.csv"
        write_table(table, place)
        said.append(f"table: {place}, new rows marked in its column {_mark(table.columns)!r}")
    return said


def _save_estimator(verdict: "Verdict", place: Path) -> str:
    try:
        verdict.estimator.save(place)
    except OptionError as error:
        place.unlink(missing_ok=True)
        return f"the fitted winner is not saved: {error}"
    return f"the fitted winner: {place}; equipoise.load reads it"


def _mark(names: Any) -> str:
    return next(n for n in reversed(list(names)) if str(n).startswith(MARK))


def augmented_table(verdict: "Verdict") -> pd.DataFrame | None:
    """Give the rows that the winner was trained on, originals first, or None if it makes no rows.

    The same draws from the same fitted synthesizer as in the fit, hence the same rows.
    """
    model, asked = verdict.estimator, verdict.asked
    if not hasattr(model.method_, "sample"):
        return None
    X, y = asked.X.iloc[list(verdict.fitted_rows)], asked.y.iloc[list(verdict.fitted_rows)]
    X, y = X.reset_index(drop=True), y.reset_index(drop=True)
    wanted = {label: n for label, n in parse_plan(model.plan).new_rows(y).items() if n}
    seed = seed_for(root_seed(model.random_state), "sample")
    X_all, y_all, mask = oversample(model.method_, X, y, wanted, seed)
    table = X_all.copy()
    table[str(asked.y.name) if asked.y.name is not None else "target"] = y_all.to_numpy()
    name = MARK
    while name in table.columns:
        name += "_"
    table[name] = mask
    return table
