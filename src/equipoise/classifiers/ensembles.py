"""One estimator or several of a learner, each on rows of its own, and the mean of their probabilities.

Bagging is Breiman 1996; a balanced bootstrap for each member is Chen et al. 2004, a balanced subsample for each is Liu
et al. 2009 (EasyEnsemble), both as imbalanced-learn has them. A balanced sample holds as many rows of every class as
the smallest class has. A class of fewer than ten rows sets no such measure, since one class of a single row would leave
a member with a row of each; its own rows all stay.
"""

from abc import abstractmethod
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from equipoise.classifiers._base import Classifier
from equipoise.classifiers.boosters import Boosters, loaded
from equipoise.classifiers.learners import Booster, Learner
from equipoise.classifiers.presets import N_BAGS
from equipoise.datasets.splits import scored_classes
from equipoise.errors import OptionError
from equipoise.seeds import generator
from equipoise.tables.coded import Coded
from equipoise.tables.schema import Schema

Ensemble = Literal["bagging", "balanced-bagging", "easy-ensemble"]
ENSEMBLES: tuple[Ensemble, ...] = get_args(Ensemble)
BALANCED: tuple[Ensemble, ...] = ("balanced-bagging", "easy-ensemble")


def make_ensemble(word: Ensemble, learner: Learner, name: str, **shared: Any) -> "Estimators":
    """Make an unfitted ensemble of ten members.

    Parameters
    ----------
    word : {"bagging", "balanced-bagging", "easy-ensemble"}
    learner : Learner
        What the members are.
    name : str
        The classifier's, for messages.
    **shared
        Schema, number of classes and seed, as any `Classifier` takes them.
    """
    if word == "bagging":
        return Bagged(learner=learner, name=name, **shared)
    return Balanced(word, learner=learner, name=name, **shared)


class Estimators(Classifier):
    """The mean probabilities of estimators that learn from the same matrix.

    Parameters
    ----------
    learner : Learner
    name : str
        The classifier's, for messages.
    schema : Schema
    n_classes : int
    random_state : int, default=0
    """

    def __init__(
        self,
        *,
        learner: Learner,
        name: str,
        schema: Schema,
        n_classes: int,
        random_state: int = 0,
    ) -> None:
        super().__init__(schema=schema, n_classes=n_classes, random_state=random_state)
        self.learner = learner
        self.name = name

    @property
    def takes_weights(self) -> bool:
        """Whether `fit` takes weights of rows."""
        return self.learner.takes_weights

    def _fit(self, table: Coded, y: NDArray[np.int64], weights: NDArray | None) -> None:
        if weights is not None and not self.takes_weights:
            raise OptionError(
                f"the classifier {self.name} takes no weights, so the decisions 'balanced' and "
                "'ladder' cannot be made with it; leave them out or choose another classifier"
            )
        self.learner.prepare(table)
        self._models = self._train(self.learner.matrix(table), y, weights)

    def _probabilities(self, table: Coded) -> NDArray:
        matrix = self.learner.matrix(table)
        total = np.zeros((len(table), len(self.classes_)))
        for model in self._models:
            total += model.predict_proba(matrix)
        return total / len(self._models)

    def _state(self) -> Boosters:
        """Give what a file keeps; only boosters have a format without pickle."""
        if not isinstance(self.learner, Booster):
            raise OptionError(f"the classifier {self.name} has no format without pickle")
        models = self._models if self._learns else []
        raw = [model.get_booster().save_raw("ubj") for model in models]
        state = Boosters(
            self.schema, self.n_classes, self.random_state, dict(self.learner.parameters),
            self._known, self.classes_, self._shares,
            tuple(np.frombuffer(part, dtype=np.uint8) for part in raw),
        )  # fmt: skip
        try:
            state.check()
        except ValueError as error:
            raise OptionError(
                f"this model of XGBoost cannot be saved: {error}; a newer version of Equipoise may "
                "know the format of the XGBoost that is installed: pip install -U equipoise"
            ) from error
        return state

    def _restore(self, state: Any) -> None:
        """Become the classifier that a file keeps."""
        if not isinstance(state, Boosters):
            raise ValueError("its classifier is not kept as boosters")
        state.check()
        Estimators.__init__(
            self, learner=Booster(state.schema, state.parameters), name="xgboost",
            schema=state.schema, n_classes=state.n_classes, random_state=state.random_state,
        )  # fmt: skip
        self._known, self.classes_, self._shares = state.known, state.classes, state.shares
        self._learns = state.learns
        self._models = loaded(state)

    @abstractmethod
    def _train(self, matrix: NDArray, y: NDArray[np.int64], weights: NDArray | None) -> list[Any]:
        """Give the fitted estimators, each of which knows all classes of y."""


class Alone(Estimators):
    """A single estimator, trained on the rows as they are."""

    def _train(self, matrix: NDArray, y: NDArray[np.int64], weights: NDArray | None) -> list[Any]:
        return [fitted(self.learner.make(self.random_state), matrix, y, weights)]


class Bagged(Estimators):
    """Ten estimators, each trained on a bootstrap of the rows.

    A bootstrap that misses a class has one of its rows replaced by a row of that class, so that all members know all
    classes. Weights travel with their rows.
    """

    def _train(self, matrix: NDArray, y: NDArray[np.int64], weights: NDArray | None) -> list[Any]:
        models = []
        for bag in range(N_BAGS):
            rng = generator(self.random_state, "bagging", bag)
            rows = bootstrap(y, rng)
            model = self.learner.make(int(rng.integers(2**31)))
            given = None if weights is None else weights[rows]
            models.append(fitted(model, matrix[rows], y[rows], given))
        return models


class Balanced(Estimators):
    """Ten estimators, each trained on a balanced sample: imbalanced-learn's classes, and nothing but their settings.

    ``balanced-bagging`` draws with replacement from every class, the smallest too. imbalanced-learn's own default draws
    a bootstrap of all rows before it balances; such a bootstrap may miss a small class, which XGBoost refuses.

    Parameters
    ----------
    word : {"balanced-bagging", "easy-ensemble"}
    **shared
        As `Estimators`.
    """

    def __init__(self, word: Ensemble, **shared: Any) -> None:
        super().__init__(**shared)
        self.word = word

    @property
    def takes_weights(self) -> bool:
        """Whether `fit` takes weights of rows: no, its samples are balanced already."""
        return False

    def _train(self, matrix: NDArray, y: NDArray[np.int64], weights: NDArray | None) -> list[Any]:
        from imblearn.ensemble import BalancedBaggingClassifier, EasyEnsembleClassifier

        settings = {
            "n_estimators": N_BAGS,
            "sampling_strategy": dict(enumerate(balanced_counts(y).tolist())),
            "random_state": self.random_state,
            "n_jobs": 1,
        }
        member = self.learner.make(self.random_state)
        if self.word == "easy-ensemble":
            ensemble = EasyEnsembleClassifier(estimator=member, **settings)
        else:
            ensemble = BalancedBaggingClassifier(
                member, bootstrap=False, replacement=True, **settings
            )
        ensemble.max_samples = len(y)  # the share 1.0, without scikit-learn's warning for few rows
        ensemble.fit(matrix, y)
        return [member[-1] for member in ensemble.estimators_]  # behind its sampler


def fitted(model: Any, matrix: NDArray, y: NDArray[np.int64], weights: NDArray | None) -> Any:
    """Fit an estimator, with weights only where there are some: not every `fit` knows the word."""
    if weights is None:
        return model.fit(matrix, y)
    return model.fit(matrix, y, sample_weight=weights)


def balanced_counts(y: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give how many rows of each class (C,) a balanced sample holds; C is the largest position plus one.

    As many as the smallest class has that has ten rows; where only the largest has, as many as the second largest. A
    smaller class keeps what it has.

    Parameters
    ----------
    y : (n,) int
        Class positions.

    Examples
    --------
    >>> balanced_counts(np.repeat([0, 1, 2], [900, 70, 3])).tolist()
    [70, 70, 3]
    >>> balanced_counts(np.repeat([0, 1], [900, 3])).tolist()
    [3, 3]
    """
    counts = np.bincount(y)
    if len(counts) < 2:
        return counts
    others = np.arange(len(counts)) != counts.argmax()
    enough = others & scored_classes(y)
    aim = counts[enough].min() if enough.any() else counts[others].max()
    return np.minimum(counts, aim)


def balanced_prior(y: NDArray[np.int64], n_classes: int) -> NDArray[np.float64]:
    """Give the class shares (n_classes,) that the members of a balanced ensemble are trained at.

    Parameters
    ----------
    y : (n,) int
        Class positions of all training rows, synthetic ones included.
    n_classes : int
    """
    present, places = np.unique(y, return_inverse=True)
    shares = np.zeros(n_classes)
    shares[present] = balanced_counts(places)
    return shares / shares.sum()


def bootstrap(y: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw as many rows (n,) as there are, with replacement, with at least one of each class in y."""
    rows = rng.integers(len(y), size=len(y))
    drawn = np.bincount(y[rows], minlength=y.max() + 1)
    for c in np.flatnonzero((drawn == 0) & (np.bincount(y) > 0)):
        spare = np.flatnonzero(drawn[y[rows]] > 1)
        at = rng.choice(spare)
        drawn[y[rows[at]]] -= 1
        rows[at] = rng.choice(np.flatnonzero(y == c))
        drawn[c] += 1
    return rows
