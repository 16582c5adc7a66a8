"""Parquet into a frame: the values only, never what a file says about Python objects."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from equipoise.errors import DataError
from equipoise.tables.cells import TEXT, blanked, quoted
from equipoise.tables.schema import EXACT, list_names


def parquet_frame(
    path: Path, data: bytes, missing: Sequence[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Read the bytes of a Parquet file.

    The metadata that pandas leaves in a file is not followed, and extension types are read as what they are stored in.

    Raises
    ------
    DataError
        It is no Parquet, has no rows, two columns of one name, or cells that are no numbers, texts, dates or truths.
    """
    try:
        with pq.ParquetFile(io.BytesIO(data)) as file:
            names = file.schema_arrow.names
            check_parquet(path, names, file.metadata.num_rows)
            table = file.read(use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"{path} cannot be read as Parquet ({str(error).splitlines()[0].rstrip('.')}); write it again, or "
            "name it .csv if it is CSV text"
        ) from None
    notes = []
    series = {}
    for name in names:
        if name.startswith("__index_level_"):
            notes.append(f"the column {name!r}, an index that pandas stored, was left out")
            continue
        series[name] = parquet_series(path, name, table.column(name).combine_chunks(), missing)
    return pd.DataFrame(series), notes


def check_parquet(path: Path, names: list[str], n_rows: int) -> None:
    """Refuse columns without names or with one name, and a table without rows."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(
            f"{path}: two columns have the same name: {list_names(twice)}; rename or remove one"
        )
    if any(not name.strip() for name in names):
        place = next(j for j, name in enumerate(names) if not name.strip())
        raise DataError(f"{path}: column {place + 1} of {len(names)} has no name; give it one")
    if not n_rows:
        raise DataError(f"{path} has columns but no rows; expected at least one row")


def parquet_series(path: Path, name: str, cells: pa.Array, missing: Sequence[str]) -> pd.Series:
    """Give one column of a Parquet file in the type that it has for us."""
    if isinstance(cells, pa.ChunkedArray):
        cells = pa.concat_arrays(cells.chunks)
    if isinstance(cells, pa.ExtensionArray):
        cells = cells.storage
    kind = cells.type
    if pa.types.is_null(kind):
        return pd.Series(np.full(len(cells), np.nan), name=name)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or kind == pa.string_view():
        return blanked(pc.cast(cells, pa.string()), missing).to_pandas().rename(name)
    if pa.types.is_dictionary(kind) and pa.types.is_string(kind.value_type):
        return _category(cells, missing).rename(name)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _numbers(path, name, cells, missing)
    if pa.types.is_boolean(kind):
        if cells.null_count:
            return pd.Series(pd.array(cells.to_pylist(), dtype="boolean"), name=name)
        return cells.to_pandas().rename(name)
    if pa.types.is_date(kind):
        return pc.cast(cells, pa.timestamp("s")).to_pandas().rename(name)
    if pa.types.is_timestamp(kind) or pa.types.is_duration(kind):
        return cells.to_pandas().rename(name)
    raise DataError(
        f"{path}: column {name!r} holds cells of type {kind}; a cell must be a number, a text, a "
        f"date or a truth value: convert the column, or leave it out with --drop {quoted(name)}"
    )


def _category(cells: pa.Array, missing: Sequence[str]) -> pd.Series:
    levels = pd.Index(pc.cast(cells.dictionary, pa.string()).to_pylist(), dtype=TEXT)
    gone = blanked(pa.array(levels, pa.string()), missing).is_null().to_numpy(zero_copy_only=False)
    codes = pc.fill_null(pc.cast(cells.indices, pa.int64()), -1).to_numpy(zero_copy_only=False)
    series = pd.Series(pd.Categorical.from_codes(codes, levels, ordered=cells.type.ordered))
    return series.cat.remove_categories(levels[gone])


def _numbers(path: Path, name: str, cells: pa.Array, missing: Sequence[str]) -> pd.Series:
    markers = [float(word) for word in missing if _is_number(word)]
    if markers:
        hit = pc.is_in(pc.cast(cells, pa.float64(), safe=False), value_set=pa.array(markers))
        cells = pc.if_else(hit, pa.scalar(None, cells.type), cells)
    if pa.types.is_decimal(cells.type):
        cells = pc.cast(cells, pa.float64())
    if pa.types.is_integer(cells.type):
        if cells.null_count and cells.null_count < len(cells):
            bounds = pc.min_max(cells).as_py()
            if max(-bounds["min"], bounds["max"]) > EXACT:
                dtype = "UInt64" if pa.types.is_unsigned_integer(cells.type) else "Int64"
                return pd.Series(pd.array(cells.to_pylist(), dtype=dtype), name=name)
        return cells.to_pandas().rename(name)
    series = cells.to_pandas().rename(name)
    infinite = np.isinf(series.to_numpy())
    if infinite.any():
        raise DataError(
            f"{path}, row {int(infinite.argmax()) + 1}: column {name!r} holds an infinity; replace "
            "it by a finite number or leave the cell empty"
        )
    return series


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
