"""Tables from OpenML by id, checked on the way: the only place that touches the network.

`sklearn.datasets.fetch_openml` reads the answers and compares the checksum; what is added is what it lacks: a time
limit, a folder that vanishes with the download (so that nothing half-fetched is kept), inner quotes taken off, and one
sentence for whatever goes wrong.
"""

import http.client
import json
import socket
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.error import HTTPError, URLError

import pandas as pd

from equipoise.errors import DataError

TIMEOUT = 15.0  # seconds without an answer
RETRIES = 1
DELAY = 0.5  # seconds between tries

_one_at_a_time = threading.Lock()


def fetch(openml_id: int, target: str, *, timeout: float | None = None) -> pd.DataFrame:
    """Fetch a table from OpenML.

    Parameters
    ----------
    openml_id : int
    target : str
        Name that the target column is to have. If no column has it, the one that OpenML declares as its target is
        renamed.
    timeout : float, default=None
        Seconds that the server may stay silent; `TIMEOUT` if None.

    Returns
    -------
    DataFrame of shape (n, d)
        Features and target, category strings without the inner quotes that some OpenML tables carry.

    Raises
    ------
    DataError
        The server cannot be reached, or what it sends is not the table: the message says which.
    """
    timeout = TIMEOUT if timeout is None else timeout
    where = f"OpenML (id {openml_id})"
    try:
        frame, targets = _ask(openml_id, timeout)
    except TimeoutError:
        raise DataError(f"{where} did not answer within {timeout:g} seconds; try again") from None
    except HTTPError as error:
        error.close()
        raise DataError(f"{where} answered with the HTTP status {error.code}; try again") from None
    except URLError as error:
        if isinstance(error.reason, TimeoutError):
            raise DataError(
                f"{where} did not answer within {timeout:g} seconds; try again"
            ) from None
        raise DataError(f"{where} could not be reached: {error.reason}") from None
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise DataError(
            f"{where} answered with something that is not JSON (half an answer, or the page "
            "of a login or a proxy?); look at the network"
        ) from None
    except (http.client.HTTPException, EOFError, ConnectionError):
        raise DataError(f"the answer of {where} was cut off; try again") from None
    except Exception as error:  # whatever else the parsers meet in a wrong answer
        raise DataError(f"{where} sent something else than a table: {_sentence(error)}") from None
    return _tidied(frame, targets, target, where)


def _ask(openml_id: int, timeout: float) -> tuple[pd.DataFrame, list[str]]:
    from sklearn.datasets import fetch_openml  # slow to import, and seldom needed

    with (
        tempfile.TemporaryDirectory() as folder,
        _patience(timeout),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")  # retries end in an error of their own
        bunch = fetch_openml(
            data_id=openml_id,
            data_home=folder,  # parsed from the bytes whose checksum was compared
            as_frame=True,
            parser="pandas",
            n_retries=RETRIES,
            delay=DELAY,
        )
    return bunch.frame, list(bunch.target_names or [])


@contextmanager
def _patience(timeout: float) -> Iterator[None]:
    """Give new sockets a time limit; scikit-learn has no parameter for it."""
    with _one_at_a_time:
        before = socket.getdefaulttimeout()
        socket.setdefaulttimeout(timeout)
        try:
            yield
        finally:
            socket.setdefaulttimeout(before)


def _sentence(error: Exception) -> str:
    text = " ".join(str(error).split())
    if "md5" in text:
        return "its checksum is not the one that OpenML states, so it was changed or cut off"
    return f"{type(error).__name__}: {text[:200]}"


def _tidied(frame: pd.DataFrame, targets: list[str], target: str, where: str) -> pd.DataFrame:
    frame = frame.copy()
    if target not in frame.columns:
        if len(targets) != 1:
            raise DataError(f"{where} sent a table without the target column {target!r}")
        frame = frame.rename(columns={targets[0]: target})
    for name in frame.columns:
        series = frame[name]
        if pd.api.types.is_float_dtype(series.dtype) and (series % 1 == 0).all():
            frame[name] = series.astype("int64")
        if pd.api.types.is_numeric_dtype(series.dtype) or pd.api.types.is_bool_dtype(series.dtype):
            continue
        frame[name] = _unquoted(series.astype(object))
    return frame


def _unquoted(series: pd.Series) -> pd.Series:
    """Take off quotes that enclose every cell of a column: they are the file's, not the value's."""
    present = series.dropna().astype(str)
    for quote in "'\"":
        if len(present) and present.str.fullmatch(f"{quote}.*{quote}").all():
            return series.map(lambda cell: str(cell)[1:-1], na_action="ignore")
    return series
