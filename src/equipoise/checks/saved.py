"""The check that a saved and loaded synthesizer is the one that was saved."""

import tempfile
import warnings
from pathlib import Path

from equipoise.checks import tables
from equipoise.checks.fitting import Make, asked, fitted
from equipoise.checks.rows import require_equal
from equipoise.errors import EquipoiseWarning
from equipoise.saving.model_file import is_known, load


def check_saved_and_loaded_gives_the_same_rows(make: Make) -> None:
    """Save, load, and ask both for rows; a class of your own is left out, since loading it has to be allowed."""
    if not is_known(type(make())):
        return
    for table in (
        tables.mixed, tables.dates, tables.extension_types, tables.odd_names, tables.identifiers
    ):  # fmt: skip
        X, y = table()
        method, counts = fitted(make, X, y), asked(y)
        method.sample(
            3, random_state=9
        )  # what sampling leaves behind is saved too, and must not matter
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore", EquipoiseWarning)
            method.save(Path(folder) / "saved.eqp")
            loaded = load(Path(folder) / "saved.eqp")
        require_equal(
            loaded.sample(counts, random_state=1), method.sample(counts, random_state=1),
            f"on the table {table.__name__!r} the loaded one gives other rows",
        )  # fmt: skip
