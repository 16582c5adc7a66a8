"""Containers: what a table came in, and the way back into it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from equipoise.errors import DataError


@dataclass(frozen=True)
class Container:
    """The kind of container that a table came in.

    Attributes
    ----------
    kind : str
        "pandas", "array", a scipy sparse format such as "csr", or the name of another frame library.
    dtype : dtype, schema or None
        The dtype of an array or sparse matrix, or the schema of a polars or arrow frame.
    sparse_array : bool
        Whether it was one of scipy's sparse arrays (else a sparse matrix).
    """

    kind: str
    dtype: Any = None
    sparse_array: bool = False

    @classmethod
    def of(cls, X: Any) -> "Container":
        """Recognise the container of X (n, d)."""
        if isinstance(X, pd.DataFrame):
            return cls("pandas")
        if sp.issparse(X):
            return cls(X.format, X.dtype, isinstance(X, sp.sparray))
        module = type(X).__module__.split(".")[0]
        if module in ("polars", "pyarrow"):
            return cls(module, X.schema)
        return cls("array", np.asarray(X).dtype)

    def frame(self, X: Any) -> pd.DataFrame:
        """Give X (n, d) as a pandas frame; rows and columns keep their order.

        Raises
        ------
        DataError
            X is not two-dimensional.
        """
        if self.kind == "pandas":
            return X
        if self.kind in ("polars", "pyarrow"):
            return _from_arrow(X if self.kind == "pyarrow" else X.to_arrow())
        array = X.toarray() if sp.issparse(X) else np.asarray(X)
        if array.ndim != 2:
            raise DataError(
                f"X must be a table of two dimensions, got the shape {array.shape}. "
                "Reshape your data: X.reshape(-1, 1) if it has a single feature"
            )
        return pd.DataFrame(array)

    def back(self, frame: pd.DataFrame) -> Any:
        """Give a pandas frame back in this container."""
        if self.kind == "pandas":
            return frame
        if self.kind in ("polars", "pyarrow"):
            return _to_native(self, frame)
        array = frame.to_numpy(dtype=self.dtype)
        if self.kind == "array":
            return array
        matrix = sp.csr_array(array) if self.sparse_array else sp.csr_matrix(array)
        return matrix.asformat(self.kind)


def _from_arrow(table: Any) -> pd.DataFrame:
    """Give an arrow table as a pandas frame of arrow dtypes, which lose nothing; dictionaries become categories."""
    import pyarrow as pa

    def dtype(kind: Any) -> pd.ArrowDtype | None:
        return None if pa.types.is_dictionary(kind) else pd.ArrowDtype(kind)

    return table.to_pandas(types_mapper=dtype, ignore_metadata=True)


def _to_native(container: Container, frame: pd.DataFrame) -> Any:
    import pyarrow as pa

    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata()
    wanted = container.dtype
    same_columns = table.column_names == (
        wanted.names if container.kind == "pyarrow" else wanted.names()
    )
    if container.kind == "pyarrow":
        return table.cast(wanted) if same_columns else table
    import polars as pl

    polars = pl.DataFrame(table)
    return polars.cast(dict(wanted)) if same_columns else polars
