"""The verdict in a folder: the page, ``advice.json``, the code, the fitted winner, and the rows if rows won."""

from pathlib import Path
from typing import TYPE_CHECKING

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
ESTIMATOR, TABLE = "estimator.eqp", "augmented.csv"


def save(verdict: "Verdict", folder: Path) -> list[str]:
    """Write everything; give a line for each file.

    Parameters
    ----------
    verdict : Verdict
    folder : Path
        Made if it is not there; files of the same names are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in (ESTIMATOR, TABLE):  # of an older verdict, which this one may not have
        (folder / name).unlink(missing_ok=True)
    said = [f"page: {write_advice_page(advice_summary(verdict), folder / 'advice.html')}"]
    said.append(f"numbers: {write_whole(verdict.to_json() + chr(10), folder / 'advice.json')}")
    if verdict.estimator is None:
        return said
    said.append(_save_estimator(verdict, folder / ESTIMATOR))
    table = augmented_table(verdict)
    if table is not None:
        place = folder / TABLE
        write_table(table, place)
        said.append(f"table: {place}, new rows marked in its column {table.columns[-1]!r}")
    return said


def _save_estimator(verdict: "Verdict", place: Path) -> str:
    try:
        verdict.estimator.save(place)
    except OptionError as error:
        place.unlink(missing_ok=True)
        return f"the fitted winner is not saved: {error}"
    return f"the fitted winner: {place}; equipoise.load reads it"


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
    table[_free("target" if asked.y.name is None else str(asked.y.name), table)] = y_all.to_numpy()
    table[_free(MARK, table)] = mask
    return table


def _free(name: str, table: pd.DataFrame) -> str:
    while name in table.columns:
        name += "_"
    return name
