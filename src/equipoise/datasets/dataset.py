"""A table with its target, ready for a trial, and what is said to a person whose table is not."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from equipoise.datasets.splits import SCORED_ROWS
from equipoise.errors import DataError, OptionError
from equipoise.results.thinned import MARK
from equipoise.tables.io import absent, read_noted
from equipoise.tables.labels import twins_note
from equipoise.tables.schema import Kind

MANY_CLASSES = 50
QUANTITY_VALUES = 50  # more different numbers with decimals are a quantity, not classes


@dataclass(frozen=True, eq=False)
class Dataset:
    """A table that a trial can use.

    Attributes
    ----------
    name : str
    X : DataFrame of shape (n, d)
        Features.
    y : Series of shape (n,)
        Labels, none missing.
    target : str
        Name of the target column.
    kinds : dict of str to str
        Kinds of columns that overrule what would be inferred.
    content_hash : str
        Hash of the names, kinds and values of features and labels, the same on every machine.
    warnings : tuple of str
        What a person should know about the table; nothing of it has been raised as a warning yet.
    notes : tuple of str
        Those of the warnings that are about reading the file.
    unlabelled : int
        Rows of the file that were left out, since they have no label.
    """

    name: str
    X: pd.DataFrame
    y: pd.Series
    target: str
    kinds: dict[str, Kind]
    content_hash: str
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unlabelled: int = 0


def dataset(
    name: str,
    X: pd.DataFrame,
    y: pd.Series,
    kinds: Mapping[str, Kind],
    warnings: Sequence[str] = (),
) -> Dataset:
    """Make a `Dataset` of checked features X (n, d) and labels y (n,)."""
    kinds = dict(kinds)
    return Dataset(name, X, y, str(y.name), kinds, content_hash(X, y, kinds), tuple(warnings))


def content_hash(X: pd.DataFrame, y: pd.Series, kinds: Mapping[str, str]) -> str:
    """Hash a table: 16 hexadecimal digits that depend on names, order, declared kinds and values.

    Numbers count by their value as 64-bit floats (whole numbers as integers), anything else by its text, so that the
    hash does not depend on the platform or on how pandas stores text.

    Parameters
    ----------
    X : DataFrame of shape (n, d)
    y : Series of shape (n,)
    kinds : mapping of str to str
    """
    digest = hashlib.blake2b(digest_size=8)
    for name, series in [*X.items(), (y.name, y)]:
        digest.update(f"\x1e{name}\x1f{kinds.get(str(name), '')}\x1f{len(series)}\x1f".encode())
        missing = series.isna().to_numpy()
        digest.update(np.packbits(missing).tobytes())
        present = series[~missing]
        dtype = series.dtype
        if pd.api.types.is_bool_dtype(dtype):
            digest.update(present.to_numpy(dtype=np.uint8).tobytes())
        elif pd.api.types.is_integer_dtype(dtype) and not pd.api.types.is_unsigned_integer_dtype(
            dtype
        ):
            digest.update(present.to_numpy(dtype="<i8").tobytes())
        elif pd.api.types.is_float_dtype(dtype):
            digest.update((present.to_numpy(dtype="<f8") + 0.0).tobytes())  # -0.0 becomes 0.0
        else:
            digest.update("\x1f".join(map(str, present.tolist())).encode())
    return digest.hexdigest()


def table_name(path: str | Path) -> str:
    """Name a table after its file, without the endings that tell the format and the mark of thinned tables."""
    name = Path(path).name
    for ending in (".gz", ".csv", ".tsv", ".txt", ".parquet", ".pq"):
        name = name.removesuffix(ending)
    return (name or Path(path).name).replace(MARK, "-")


def from_file(
    path: str | Path,
    target: str,
    *,
    missing: Sequence[str] = (),
    categorical: Sequence[str] = (),
    numeric: Sequence[str] = (),
    drop: Sequence[str] = (),
    name: str | None = None,
) -> Dataset:
    """Read a table of one's own and check that a trial can be run on it.

    Rows without a label are left out. That, classes too small to score, repeated rows, very many classes and what the
    reader of the file remarks on stand in `Dataset.warnings`.

    Parameters
    ----------
    path : str or Path
        CSV or Parquet, as `tables.io.read_table` reads it.
    target : str
        Name of the column that holds the class.
    missing, categorical, numeric, drop : sequence of str, default=()
        As for `tables.io.read_table`.
    name : str, default=None
        What the table is called; the file's name without endings if None.

    Raises
    ------
    DataError
        The file cannot be read, or the target or the features cannot be used: the message says what and why.
    OptionError
        An option names a column that is not in the file.
    """
    path = Path(path).expanduser()
    frame, notes = read_noted(
        path, missing=missing, categorical=categorical, numeric=numeric, drop=drop
    )
    if target in ((drop,) if isinstance(drop, str) else drop):
        raise OptionError(f"the column {target!r} is both the target and dropped; keep it")
    if target not in frame.columns:
        raise DataError(
            f"the target is {target!r}, but {absent(path, target, list(frame.columns))}"
        )
    X, y, remarks = _parted(path, frame, target)
    kinds: dict[str, Kind] = {}
    for column in (categorical,) if isinstance(categorical, str) else categorical:
        kinds[column] = "categorical"
    for column in (numeric,) if isinstance(numeric, str) else numeric:
        if not X.get(column, y).isna().all():
            kinds[column] = "numeric"
    kinds.pop(target, None)
    made = dataset(table_name(path) if name is None else name, X, y, kinds, [*notes, *remarks])
    return replace(made, notes=tuple(notes), unlabelled=len(frame) - len(y))


def _parted(
    path: Path, frame: pd.DataFrame, target: str
) -> tuple[pd.DataFrame, pd.Series, list[str]]:
    """Part features and labels, rows without a label left out, and check both."""
    remarks = []
    unlabelled = frame[target].isna().to_numpy()
    if unlabelled.all():
        raise DataError(
            f"{path}: every value of the target {target!r} is missing; name another column"
        )
    if unlabelled.any():
        remarks.append(
            f"{path.name}: {int(unlabelled.sum())} of {len(frame)} rows have no label in "
            f"{target!r} and were left out"
        )
        frame = frame[~unlabelled].reset_index(drop=True)
    X, y = frame.drop(columns=target), _labels(path, frame[target])
    remarks += _class_remarks(path, y)
    if not X.shape[1]:
        raise DataError(f"{path} has no column besides the target {target!r}; add features")
    if all(X[column].nunique(dropna=False) <= 1 for column in X):
        raise DataError(
            f"{path}: no feature column varies, so that nothing can be learnt from them"
        )
    repeated = int(frame.duplicated().sum())
    if repeated:
        remarks.append(
            f"{path.name}: {repeated} of {len(frame)} rows repeat an earlier row, so that a copy "
            "may lie on both sides of a split; drop them if they are one observation"
        )
    return X, y, remarks


def _labels(path: Path, y: pd.Series) -> pd.Series:
    name = y.name
    if pd.api.types.is_datetime64_any_dtype(y.dtype) or pd.api.types.is_timedelta64_dtype(y.dtype):
        raise DataError(f"{path}: the target {name!r} holds dates; name a column of classes")
    if pd.api.types.is_float_dtype(y.dtype):
        if (y % 1 == 0).all() and (y.abs() < 2**53).all():
            return y.astype("int64")
        distinct = y.nunique()
        if distinct > QUANTITY_VALUES:
            raise DataError(
                f"{path}: the target {name!r} holds {distinct} different numbers with decimals, "
                "so it looks like a quantity, not a class; name a column of classes, or cut it "
                "into classes first"
            )
    return y


def _class_remarks(path: Path, y: pd.Series) -> list[str]:
    counts = y.value_counts()
    counts = counts[counts > 0]
    if len(counts) == 1:
        raise DataError(
            f"{path}: the target {y.name!r} has one class only, {counts.index[0]!r}; "
            "a classification needs two"
        )
    small = {label: int(n) for label, n in counts.items() if n < SCORED_ROWS}
    listed = ", ".join(f"{label!r} ({n})" for label, n in list(small.items())[:8])
    listed += f" and {len(small) - 8} more" if len(small) > 8 else ""
    if len(counts) - len(small) < 2:
        raise DataError(
            f"{path}: only {len(counts) - len(small)} of the {len(counts)} classes of the target "
            f"{y.name!r} have the {SCORED_ROWS} rows that a split needs; too small are {listed}: "
            "merge small classes, or add rows"
        )
    remarks = [f"{path.name}: {note}" for note in twins_note(y.name, counts.index)]
    if small:
        remarks.append(
            f"{path.name}: classes of fewer than {SCORED_ROWS} rows stay in training and are not "
            f"scored: {listed}"
        )
    if len(counts) > MANY_CLASSES:
        remarks.append(
            f"{path.name}: the target {y.name!r} has {len(counts)} classes, so that every fit "
            "takes long; if it is a quantity or an identifier, name another column"
        )
    return remarks
