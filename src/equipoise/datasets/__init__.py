"""Tables to try methods on: seven of the source articles, tables of known laws, and one's own."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def load_dataset(name: str, data_dir: str | Path | None = None) -> "tuple[pd.DataFrame, pd.Series]":
    """Load the features and labels of a table by name.

    Parameters
    ----------
    name : str
        A table of the catalogue, such as "adult" or "ionosphere", or a known law, such as "law:two-gaussians".
    data_dir : str or Path, default=None
        A folder that may hold the table as a CSV file; the environment variable EQUIPOISE_DATA if None.

    Returns
    -------
    X : DataFrame of shape (n, d)
    y : Series of shape (n,)

    Raises
    ------
    OptionError
        There is no such table.
    DataError
        The table cannot be had, or what was found is not it.

    Warns
    -----
    EquipoiseWarning
        Something about the table that a user should know.

    Examples
    --------
    >>> X, y = load_dataset("ionosphere")
    >>> X.shape
    (351, 34)
    """
    import warnings

    from equipoise.datasets.catalogue import load
    from equipoise.errors import EquipoiseWarning

    table = load(name, data_dir)
    for note in table.warnings:
        warnings.warn(note, EquipoiseWarning, stacklevel=2)
    return table.X, table.y
