"""The verdict in a folder: the page, ``advice.json``, the code, the fitted winner, and the rows if rows won."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from equipoise.advice.summary import advice_summary
from equipoise.errors import OptionError
from equipoise.report.advice_page import write_advice_page
from equipoise.report.page import write_whole
from equipoise.samplers.treatment import NEW, Rows, grown
from equipoise.seeds import root_seed
from equipoise.tables.draft import make_folder
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
    make_folder(folder)
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
    """Give the rows (n, d + 2) that the winner was trained on, originals first, or None if it makes no rows."""
    model, asked = verdict.estimator, verdict.asked
    if not hasattr(model.method_, "sample"):
        return None
    at = list(verdict.fitted_rows)
    X, y = asked.X.iloc[at].reset_index(drop=True), asked.y.iloc[at].reset_index(drop=True)
    root = root_seed(model.random_state)
    made = grown(model.method_, Rows(X, y, asked.labels), plan=model.plan, root_seed=root)
    assert made.origins is not None
    table = made.X.copy()
    target = "target" if asked.y.name is None else str(asked.y.name)
    table[_free(target, table)] = np.asarray(asked.labels.decode(made.y))
    table[_free(MARK, table)] = made.origins == NEW
    return table


def _free(name: str, table: pd.DataFrame) -> str:
    while name in table.columns:
        name += "_"
    return name
