"""A treatment of the training rows and a classifier as one scikit-learn estimator."""

import os
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, clone
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from equipoise.classifiers.ensembles import Estimators, balanced_prior
from equipoise.classifiers.learners import Booster
from equipoise.classifiers.native import learns_balanced, make_classifier
from equipoise.classifiers.weights import WEIGHTS
from equipoise.errors import DataError, NotFittedError, OptionError
from equipoise.metrics.decision import (
    apply_offsets,
    class_shares,
    correct_prior,
    cost_matrix,
    least_cost,
)
from equipoise.samplers.row_weights import (
    carried_weights,
    checked_synthetic_weight,
    checked_weights,
)
from equipoise.samplers.treatment import NEW, Rows, Treated, treated
from equipoise.saving.savable import Savable
from equipoise.seeds import root_seed, seed_for
from equipoise.tables.frames import Container
from equipoise.tables.labels import Labels, as_series
from equipoise.tables.schema import Schema


class AugmentedClassifier(ClassifierMixin, Savable):
    """Treat the training rows, fit a classifier on them, and correct its probabilities for the treatment.

    Over-sampling and class weights move the class shares that a classifier learns at. `predict_proba` moves its
    probabilities back to the shares of the training rows as they came, or to `prior`. `predict` does not: the moved
    shares are what a treatment is for. So **`predict` is by design not always the argmax of `predict_proba`**: it
    decides by the classifier's own probabilities, after `offsets`, and, where a `prior` is given, after its ratio to
    the natural shares.

    Parameters
    ----------
    method : str, synthesizer or sampler, default="identity"
        A name that `equipoise methods` lists ("smote", "undersample", ...), or an unfitted synthesizer or
        imbalanced-learn sampler, which is cloned.
    plan : str, default="balance"
        How many rows a synthesizer makes: none, balance, balance:RATIO, grow:RATE or add:CLASS=N. The other methods
        have counts of their own.
    weights : {None, "balanced", "ladder"}, default=None
        Class weights, by the counts of the rows that are trained on.
    classifier : str or classifier, default="xgboost"
        "xgboost", "xgboost-regularised", "xgboost-bagging", "xgboost-tuned", "random-forest", any scikit-learn
        classifier as ``module:Class``, or an instance of one, which is cloned and gets one-hot levels and standardised
        numbers.
    offsets : dict of label to float, optional
        Added to the logarithm of the probabilities before a class is chosen; 0 for a class that is not named.
    prior : dict of label to float, optional
        Class shares where the classifier will be used; one class may be left out. By default those of training rows.
    costs : dict of (true label, decision) to number, or DataFrame, optional
        What mistakes cost: `predict` then takes the class of least expected cost under `predict_proba`, and `offsets`
        have no say. What is not named costs 1 where it is wrong and 0 where it is right.
    kinds : dict of column name to kind, optional
        Overrules the inferred kind of a column.
    synthetic_weight : float, default=1.0
        The weight of a new row. A training row has its `sample_weight`, or 1.
    random_state : None, int, Generator or RandomState
        Same seed, same predictions. What is given as an instance with a seed of its own keeps it.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted, or in the order of a category dtype.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Only where X is a frame whose columns are named by texts.
    schema_ : Schema
        The columns, as inferred from the training rows.
    method_ : object or None
        The fitted synthesizer or sampler; None where the rows were left as they are, and in a loaded one.
    deliveries_ : tuple of Delivery
        Requested and delivered rows of each class, and any fallback; empty if no synthesizer made rows.
    synthetic_rows_ : int or None
        How many new rows were trained on; None where a sampler does not say which rows are new.
    trained_prior_ : ndarray of shape (n_classes,)
        The weighted class shares that the classifier was trained at.
    natural_prior_ : ndarray of shape (n_classes,)
        The weighted class shares of the training rows as they came.
    prior_ : ndarray of shape (n_classes,)
        What `predict_proba` is corrected to: `prior`, or `natural_prior_`.

    Examples
    --------
    >>> import numpy as np
    >>> from equipoise import AugmentedClassifier
    >>> X = np.linspace(0, 1, 80).reshape(-1, 1)
    >>> y = np.repeat(["no", "yes"], [60, 20])
    >>> model = AugmentedClassifier("smote", offsets={"yes": 0.5}, random_state=0).fit(X, y)
    >>> model.synthetic_rows_, model.predict([[0.1], [0.9]]).tolist()
    (40, ['no', 'yes'])
    """

    _not_saved = ("method_",)  # predictions do without it, and it may hold training rows

    def __init__(
        self,
        method: Any = "identity",
        *,
        plan: str = "balance",
        weights: str | None = None,
        classifier: Any = "xgboost",
        offsets: Mapping[Any, float] | None = None,
        prior: Mapping[Any, float] | None = None,
        costs: Any = None,
        kinds: Mapping | None = None,
        synthetic_weight: float = 1.0,
        random_state: Any = None,
    ) -> None:
        self.method = method
        self.plan = plan
        self.weights = weights
        self.classifier = classifier
        self.offsets = offsets
        self.prior = prior
        self.costs = costs
        self.kinds = kinds
        self.synthetic_weight = synthetic_weight
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Treat training rows and learn from them.

        Parameters
        ----------
        X : frame, array or sparse matrix of shape (n, d)
            A pandas, polars or arrow frame of any dtypes, or an array. Missing cells are welcome.
        y : series or array of shape (n,)
            Labels of any type; numbers with decimals are taken for a regression target and refused.
        sample_weight : array of shape (n,), optional
            For the classifier and for class shares; no method takes weights.

        Raises
        ------
        DataError
            The table, the target or the weights cannot be learnt from; the message says why.
        OptionError
            A parameter cannot be used.
        """
        frame, target = self._checked_rows(X, y)
        labels = Labels.infer(target)
        codes = labels.code(target)
        given = None if sample_weight is None else checked_weights(sample_weight, len(codes))
        self._learn_labels(labels, _shares(codes, len(labels), given))
        root = root_seed(self.random_state)
        rows = treated(
            self.method, Rows(frame, target, labels),
            plan=self.plan, kinds=self.kinds, root_seed=root,
        )  # fmt: skip
        # A synthesizer has already warned of the same columns.
        self.schema_ = Schema.infer(frame, self.kinds, warn=not hasattr(rows.method, "schema_"))
        self.method_, self.deliveries_ = rows.method, rows.deliveries
        self.synthetic_rows_ = None if rows.origins is None else int((rows.origins == NEW).sum())
        weights = self._weights(rows, given)
        self.trained_prior_ = _shares(rows.y, len(labels), weights)
        if learns_balanced(self.classifier):
            self.trained_prior_ = balanced_prior(rows.y, len(labels))
        self.classifier_ = make_classifier(
            self.classifier,
            schema=self.schema_,
            n_classes=len(labels),
            random_state=seed_for(root, "classifier"),
        ).fit(rows.X, rows.y, weights)
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Give the probability of each class, corrected from the shares of training to `prior_`.

        Parameters
        ----------
        X : frame, array or sparse matrix of shape (n, d)

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes)
            In the order of `classes_`.
        """
        return correct_prior(self._raw(X), self.trained_prior_, self.prior_)

    def predict(self, X: Any) -> NDArray:
        """Give the label of each row: the largest log-probability, before correction, plus offset.

        Where a `prior` is given, its logarithmic ratio to the natural shares is added too. Not always the argmax of
        `predict_proba`: see the class. Where there are `costs`, the class of least expected cost.

        Parameters
        ----------
        X : frame, array or sparse matrix of shape (n, d)

        Returns
        -------
        labels : ndarray of shape (n,)
        """
        check_is_fitted(self)
        if self._costs is not None:
            return self.classes_[least_cost(self.predict_proba(X), self._costs)]
        return self.classes_[apply_offsets(self._raw(X), self._offsets)]

    def save(self, path: str | os.PathLike) -> None:
        """Write this fitted classifier to a file that `equipoise.load` reads: safetensors and JSON, never pickle.

        The file appears whole or not at all, and holds no training row: parameters, columns with their levels and
        bounds, and the trees. The fitted method is left out, since predictions do without it. A `random_state` that is
        a Generator or a RandomState is saved as None, which concerns a new `fit` alone.

        Parameters
        ----------
        path : path
            Where to; a file that is there is replaced.

        Raises
        ------
        NotFittedError
            `fit` has not been called.
        OptionError
            The classifier is none of the kinds of "xgboost", or a parameter is nothing that a file can hold (a
            sampler of imbalanced-learn, say); the message names it.
        DataError
            No file can be put there.
        """
        from equipoise.saving.model_file import save

        self._require_fit("save")
        inside = self.classifier_
        if not (isinstance(inside, Estimators) and isinstance(inside.learner, Booster)):
            name = self.classifier if isinstance(self.classifier, str) else None
            raise OptionError(
                f"the classifier {name or type(self.classifier).__name__} is scikit-learn's, which has no "
                "format without pickle, so it cannot be saved: keep the code that fits it and fit it "
                "again, or take one of the kinds of 'xgboost'"
            )
        save(self, path)

    def _require_fit(self, action: str) -> None:
        if not hasattr(self, "classifier_"):
            raise NotFittedError(
                f"this {type(self).__name__} is not fitted yet; call fit(X, y) before {action}"
            )

    def _parameters(self) -> dict[str, Any]:
        # A method that has been fitted elsewhere would bring its rows along.
        method = self.method if isinstance(self.method, str) else clone(self.method)
        return {**super()._parameters(), "method": method}

    def _check_restored(self, values: list[Any]) -> None:
        from equipoise.samplers._restored import check_augmented

        check_augmented(self)

    def _checked_rows(self, X: Any, y: Any) -> tuple[pd.DataFrame, pd.Series]:
        """Give training rows as a frame and a series, numbered from 0."""
        if y is None:
            raise DataError(
                f"{type(self).__name__} requires y to be passed, but the target y is None"
            )
        frame = self._frame(X, reset=True)
        target = as_series(column_or_1d(y, warn=True) if isinstance(y, np.ndarray) else y)
        if target.dtype.kind == "f":
            check_classification_targets(target.to_numpy())
        if len(target) != len(frame):
            raise DataError(f"X has {len(frame)} rows but y has {len(target)}")
        return frame.reset_index(drop=True), target.reset_index(drop=True)

    def _frame(self, X: Any, *, reset: bool) -> pd.DataFrame:
        """Give X as a frame with the columns of training, after scikit-learn's checks."""
        container = Container.of(X)
        if container.kind in ("pandas", "polars", "pyarrow"):
            validate_data(self, X, reset=reset, skip_check_array=True)
        else:
            X = validate_data(
                self, X, reset=reset, accept_sparse=["csr", "csc"], dtype=None,
                ensure_all_finite="allow-nan",
            )  # fmt: skip
        frame = container.frame(X)
        if not reset and set(frame.columns) != set(self.schema_.names):
            # Names came on one side only, of which scikit-learn has warned: places decide.
            frame = frame.set_axis(self.schema_.names, axis=1)
        return frame

    def _learn_labels(self, labels: Labels, natural: NDArray[np.float64]) -> None:
        """Learn the classes and what the parameters say of them."""
        self.labels_ = labels
        self.classes_ = np.asarray(labels.decode(np.arange(len(labels))))
        self.natural_prior_ = natural
        self._offsets = _offsets(self.offsets, labels)
        self._costs = None if self.costs is None else cost_matrix(self.costs, labels)
        self.prior_ = natural
        if self.prior is not None:
            self.prior_ = class_shares(self.prior, labels)
            ratio = np.divide(self.prior_, natural, out=np.ones_like(natural), where=natural > 0)
            self._offsets = self._offsets + np.log(ratio)

    def _weights(self, rows: Treated, given: NDArray | None) -> NDArray[np.float64] | None:
        """Give the weights of the rows trained on; None if every row weighs 1, which all classifiers take."""
        if self.weights is not None and self.weights not in WEIGHTS:
            raise OptionError(
                f"weights must be None, {' or '.join(map(repr, WEIGHTS))}, got {self.weights!r}"
            )
        synthetic = checked_synthetic_weight(self.synthetic_weight)
        weights = None
        if given is not None or synthetic != 1:
            if rows.origins is None:
                raise OptionError(
                    f"{type(rows.method).__name__} does not say which of its rows are training rows, "
                    "so sample_weight and synthetic_weight cannot be carried over; leave them out, "
                    "or take another method"
                )
            weights = carried_weights(given, rows.origins, synthetic)
        if self.weights is not None:
            by_class = WEIGHTS[self.weights](rows.y, len(self.labels_))[rows.y]
            weights = by_class if weights is None else weights * by_class
        return weights

    def _raw(self, X: Any) -> NDArray[np.float64]:
        """Give the classifier's own probabilities (n, n_classes)."""
        check_is_fitted(self)
        return self.classifier_.predict_proba(self._frame(X, reset=False))

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn what is accepted: sparse matrices, missing cells and texts."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags


def _shares(y: NDArray[np.int64], n_classes: int, weights: NDArray | None) -> NDArray[np.float64]:
    mass = np.bincount(y, weights=weights, minlength=n_classes).astype(np.float64)
    return mass / mass.sum()


def _offsets(offsets: Mapping[Any, float] | None, labels: Labels) -> NDArray[np.float64]:
    """Give the offset (n_classes,) of each class."""
    out = np.zeros(len(labels))
    for label, offset in _by_label(offsets, "offsets").items():
        out[labels.position(label)] = _number(offset, "offset", label)
    return out


def _by_label(given: Any, name: str) -> Mapping[Any, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise OptionError(f"{name} must be a dict of label to number, got {given!r}")
    return given


def _number(value: Any, what: str, label: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not np.isfinite(number):
        raise OptionError(f"the {what} of class {label!r} must be a finite number, got {value!r}")
    return number
