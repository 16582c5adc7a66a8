"""Any synthesizer as an imbalanced-learn sampler."""

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.utils import check_target_type
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils._param_validation import HasMethods, Interval
from sklearn.utils.validation import validate_data

from equipoise.samplers.row_weights import checked_weights
from equipoise.seeds import as_generator
from equipoise.tables.frames import Container
from equipoise.tables.labels import Labels


class SyntheticOverSampler(BaseOverSampler):
    """Over-sample with a synthesizer: originals first and unchanged, new rows after them.

    `fit_resample` is for training rows only, and after the split: rows that a synthesizer has seen have no place in a
    test part. Inside an `imblearn.pipeline.Pipeline` that is seen to.

    Parameters
    ----------
    synthesizer : Synthesizer
        Unfitted; it is cloned.
    sampling_strategy : float, str, dict or callable, default="auto"
        Imbalanced-learn's own: "auto" grows all classes but the largest up to it; a dict gives the total wanted of each
        class; `balance` and `grow` are callables of y.
    kinds : dict of column name to kind, optional
        Overrules the inferred kind of a column.
    synthetic_weight : float, default=1.0
        The weight of a new row in `sample_weight_`.
    random_state : None, int, Generator or RandomState
        Same seed, same rows. The synthesizer is seeded from it, unless it has a seed of its own.

    Attributes
    ----------
    synthesizer_ : Synthesizer
        The fitted one.
    sampling_strategy_ : dict
        Rows to make of each class.
    synthetic_mask_ : ndarray of shape (n_resampled,)
        Which of the rows are new.
    sample_weight_ : ndarray of shape (n_resampled,) or None
        Weights for the fit that follows: of the originals as they came, then `synthetic_weight` for each new row. None
        if `fit_resample` was given none.
    deliveries_ : tuple of Delivery
        Requested and delivered rows of each class, and any fallback.

    Examples
    --------
    >>> import pandas as pd
    >>> from equipoise import SyntheticOverSampler, Smote
    >>> X = pd.DataFrame({"age": [31, 45, 27, 60, 38], "job": list("aabba")})
    >>> y = pd.Series(["no", "no", "no", "yes", "yes"])
    >>> X_res, y_res = SyntheticOverSampler(Smote(), random_state=0).fit_resample(X, y)
    >>> y_res.value_counts().to_dict()
    {'no': 3, 'yes': 3}
    """

    _parameter_constraints: dict = {
        **BaseOverSampler._parameter_constraints,
        "synthesizer": [HasMethods(["fit", "sample"])],
        "kinds": [dict, None],
        "synthetic_weight": [Interval(Real, 0, None, closed="left")],
        "random_state": ["random_state", np.random.Generator],
    }

    def __init__(
        self,
        synthesizer: Any,
        *,
        sampling_strategy: Any = "auto",
        kinds: Mapping | None = None,
        synthetic_weight: float = 1.0,
        random_state: Any = None,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.synthesizer = synthesizer
        self.kinds = kinds
        self.synthetic_weight = synthetic_weight
        self.random_state = random_state

    def fit_resample(
        self, X: Any, y: Any, sample_weight: Any = None, **params: Any
    ) -> tuple[Any, Any]:
        """Give the rows of X and y followed by new ones.

        Parameters
        ----------
        X : frame, array or sparse matrix of shape (n, d)
            Training rows. Sparse input is made dense, and given back in its format.
        y : series or array of shape (n,)
            Labels.
        sample_weight : array of shape (n,), optional
            Weights of the rows, finite and not negative. No synthesizer takes weights: they are only carried over, into
            `sample_weight_`.

        Returns
        -------
        X_resampled : of shape (n + new, d)
            In the container and dtypes of X.
        y_resampled : of shape (n + new,)
            In the container and dtype of y.

        Raises
        ------
        DataError
            A label is missing, or two labels have one text.
        """
        params["sample_weight"] = sample_weight
        if np.ndim(y) == 1:
            Labels.infer(_plain_labels(y))  # refuses missing labels and labels of one text
        container = Container.of(X)
        is_foreign = container.kind in ("polars", "pyarrow")
        if not is_foreign and _library(y) not in ("polars", "pyarrow"):
            return super().fit_resample(X, y, **params)
        X_resampled, y_resampled = super().fit_resample(
            container.frame(X) if is_foreign else X, _plain_labels(y), **params
        )
        if is_foreign:
            X_resampled = container.back(X_resampled)
        return X_resampled, _labels_as(y, y_resampled)

    def _check_X_y(self, X: Any, y: Any, accept_sparse: Any = None) -> tuple[Any, Any, bool]:
        y, binarize_y = check_target_type(y, indicate_one_vs_all=True)
        if isinstance(X, pd.DataFrame):
            validate_data(self, X=X, y=y, reset=True, skip_check_array=True)
        else:
            X, y = validate_data(
                self, X=X, y=y, reset=True, accept_sparse=["csr", "csc"], dtype=None,
                ensure_all_finite="allow-nan", ensure_min_samples=2,
            )  # fmt: skip
        return X, y, binarize_y

    def _fit_resample(
        self, X: Any, y: Any, sample_weight: Any = None, **params: Any
    ) -> tuple[Any, Any]:
        n = X.shape[0]
        given = None if sample_weight is None else checked_weights(sample_weight, n)
        rng = as_generator(self.random_state)
        self.synthesizer_ = clone(self.synthesizer)
        if self.synthesizer_.random_state is None:
            self.synthesizer_.set_params(random_state=int(rng.integers(2**31)))
        self.synthesizer_.fit(X, y, kinds=self.kinds)
        X_resampled, y_resampled, self.synthetic_mask_ = oversample(
            self.synthesizer_, X, y, self.sampling_strategy_, rng
        )
        self.deliveries_ = self.synthesizer_.deliveries_
        self.sample_weight_ = None
        if given is not None:
            new = np.full(int(self.synthetic_mask_.sum()), float(self.synthetic_weight))
            self.sample_weight_ = np.concatenate([given, new])
        return X_resampled, y_resampled

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn what is accepted: sparse matrices, missing cells and texts."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags

    def _more_tags(self) -> dict:
        return {"X_types": ["2darray", "string", "sparse", "dataframe"], "allow_nan": True}


def _library(y: Any) -> str:
    return type(y).__module__.split(".")[0]


def _plain_labels(y: Any) -> Any:
    """Give labels in a form that imbalanced-learn knows."""
    library = _library(y)
    if library == "polars":
        return pd.Series(y.to_list(), name=y.name)
    return pd.Series(y.to_pylist()) if library == "pyarrow" else y


def _labels_as(y: Any, labels: Any) -> Any:
    """Give labels in the container and dtype that y has."""
    library = _library(y)
    if library == "polars":
        return type(y)(y.name, labels.tolist(), dtype=y.dtype)
    if library != "pyarrow":
        return labels
    import pyarrow as pa

    array = pa.array(labels.tolist(), type=y.type)
    return pa.chunked_array([array]) if isinstance(y, pa.ChunkedArray) else array


def oversample(
    synthesizer: Any, X: Any, y: Any, new_rows: Mapping[Any, int], random_state: Any
) -> tuple[Any, Any, NDArray[np.bool_]]:
    """Append so many new rows of each class to the training rows.

    Samplers and the benchmark both call this, so that a person gets the rows that were tried.

    Parameters
    ----------
    synthesizer : Synthesizer
        Fitted.
    X : frame, array or sparse matrix of shape (n, d)
    y : series or array of shape (n,)
    new_rows : dict of label to int
    random_state : None, int, Generator or RandomState

    Returns
    -------
    X_all, y_all : of n + new rows
        The originals first.
    mask : ndarray of shape (n + new,)
        True at new rows.
    """
    X_new, y_new = synthesizer.sample(new_rows, random_state=random_state)
    mask = np.r_[np.zeros(X.shape[0], dtype=bool), np.ones(X_new.shape[0], dtype=bool)]
    if isinstance(X, pd.DataFrame):
        X_all = pd.concat([X, X_new], ignore_index=True)
    elif sp.issparse(X):
        X_all = sp.vstack([X, X_new], format=X.format, dtype=X.dtype)
    else:
        X_all = np.concatenate([X, X_new])
    if isinstance(y, pd.Series):
        return X_all, pd.concat([y, y_new], ignore_index=True), mask
    return X_all, np.concatenate([y, y_new]), mask
