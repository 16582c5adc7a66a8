"""Who takes part: models from the simplest to the most involved, each decided plainly or by a threshold.

A *model* is a treatment of the training rows and a classifier: it makes probabilities. A *candidate* is a model with a
rule that turns them into decisions. The order of the list is the order of preference among equals (card `advise`,
step 2).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equipoise.classifiers.native import takes_weights
from equipoise.errors import OptionError
from equipoise.registry import METHODS, Method, method, missing_extra
from equipoise.samplers.strategies import parse_plan

GROWTH = ("balance", "balance:0.5", "grow:0.5")
CHEAP = (
    ("duplicate", ("balance",)),
    ("undersample", ("balance",)),
)
SYNTHESIZERS = (
    ("smote", GROWTH),
    ("borderline-smote", ("balance",)),
    ("adasyn", ("balance",)),
    ("gaussian-noise", ("balance",)),
    ("tailcalib", ("balance",)),
    ("cart", GROWTH),
    ("gaussian-copula", ("balance",)),
    ("basic-vae", ("balance",)),
    ("cvae", GROWTH),
    ("tvae", GROWTH),
    ("tvae-tailcalib", ("balance",)),
    ("tabgpt", GROWTH),
    ("ctgan", GROWTH),
)
ENSEMBLES = ("bagging", "balanced-bagging", "easy-ensemble")
REGULARISED = "xgboost-regularised"
# Besides these, `great` takes part where it is asked for: it needs a pretrained model at hand, and minutes a fit.
NO_CANDIDATE = ("identity", "oracle")


@dataclass(frozen=True)
class Model:
    """A treatment of the training rows and a classifier.

    Attributes
    ----------
    name : str
        What a person reads.
    method, plan : str
        Of the registry; ``identity`` has the plan ``none``.
    weights : str
        "", "balanced" or "ladder".
    classifier : str or estimator
    synthetic : bool
        Whether it trains on rows that are not copies of real ones.
    """

    name: str
    method: str = "identity"
    plan: str = "none"
    weights: str = ""
    classifier: Any = "xgboost"
    synthetic: bool = False

    @property
    def costly(self) -> bool:
        """Whether a fit takes long, as networks do."""
        return method(self.method).costly


@dataclass(frozen=True)
class Candidate:
    """A model and a rule of decision: "plain", or "threshold" (offsets tuned out of fold)."""

    model: Model
    rule: str = "plain"

    @property
    def name(self) -> str:
        """What a person reads."""
        if self.rule == "plain":
            return self.model.name
        return "threshold" if self.is_untreated else f"{self.model.name} + threshold"

    @property
    def is_untreated(self) -> bool:
        """Whether the model is the classifier on the rows as they are."""
        return self.model.name == IDENTITY

    @property
    def is_identity(self) -> bool:
        """Whether nothing is done at all."""
        return self.is_untreated and self.rule == "plain"

    @property
    def is_simple(self) -> bool:
        """Whether it is one of the simple opponents: nothing, threshold, weights, regularised preset."""
        model = self.model
        return model.method == "identity" and (
            self.is_untreated
            or (self.rule == "plain" and (model.weights != "" or model.name == PRESET))
        )


IDENTITY, PRESET = "do nothing", "regularised preset"


def models(
    y: NDArray[np.int64],
    classifier: Any = "xgboost",
    methods: Sequence[str] | None = None,
    ensembles: bool = True,
) -> tuple[list[Model], list[str]]:
    """List the models that make sense for these classes, simplest first, and why others are left out.

    Parameters
    ----------
    y : (n,) int
        Class positions of the table.
    classifier : str or scikit-learn classifier, default="xgboost"
    methods : sequence of str, optional
        Only these treatments of the rows, besides doing nothing, weights and thresholds.
    ensembles : bool, default=True
        Whether bagging and its balanced forms take part.

    Raises
    ------
    OptionError
        A method is unknown or has no place here.
    """
    texts = np.char.mod("%d", y)
    uneven = bool(parse_plan("balance").new_rows(texts))
    found = [Model(IDENTITY, classifier=classifier)]
    notes: list[str] = []
    named = isinstance(classifier, str)
    if uneven and _weighable(classifier):
        found += [
            Model(f"{word} weights", weights=word, classifier=classifier)
            for word in ("balanced", "ladder")
        ]
    if classifier == "xgboost":
        found.append(Model(PRESET, classifier=REGULARISED))
    wanted = None if methods is None else list(methods)
    _check(wanted)
    found += _grown(CHEAP, texts, classifier, wanted, notes)
    if ensembles and named and classifier.partition("+")[0] == classifier and wanted is None:
        words = ENSEMBLES if uneven else ENSEMBLES[:1]
        joint = "-" if classifier == "xgboost" else "+"
        if classifier == "xgboost" or ":" in classifier:
            found += [
                Model(word.replace("-", " "), classifier=f"{classifier}{joint}{word}")
                for word in words
            ]
    found += _grown(_synthesizers(wanted), texts, classifier, wanted, notes)
    return found, notes


def _weighable(classifier: Any) -> bool:
    if isinstance(classifier, str):
        return takes_weights(classifier)
    from equipoise.classifiers.foreign import accepts_weights

    return accepts_weights(classifier)


def _synthesizers(wanted: list[str] | None) -> list[tuple[str, tuple[str, ...]]]:
    """Give the synthesizers in order, those of the user's own last."""
    known = {name for name, _ in (*CHEAP, *SYNTHESIZERS)}
    own = [
        (name, GROWTH) for name in wanted or () if name not in known and name not in NO_CANDIDATE
    ]
    return [*SYNTHESIZERS, *own]


def _check(wanted: list[str] | None) -> None:
    for name in wanted or ():
        if name == "oracle":
            raise OptionError(
                "oracle knows the true law, which a table of your own does not come with"
            )
        try:
            method(name)
        except OptionError as error:
            near = get_close_matches(name, METHODS, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise OptionError(f"{error}{hint}") from None


def _grown(
    entries: Sequence[tuple[str, tuple[str, ...]]],
    texts: NDArray,
    classifier: Any,
    wanted: list[str] | None,
    notes: list[str],
) -> list[Model]:
    found = []
    for name, plans in entries:
        if wanted is not None and name not in wanted:
            continue
        entry: Method = method(name)
        if reason := missing_extra(entry):
            notes.append(f"left out: {reason}")
            continue
        if entry.max_rows and len(texts) > entry.max_rows:
            notes.append(f"left out: {name} takes at most {entry.max_rows:,} rows")
            continue
        for plan in entry.plans or plans:
            if not parse_plan(plan).new_rows(texts):
                continue
            word = name if plan == "balance" else f"{name} {plan}"
            synthetic = entry.family not in ("none", "resampling")
            found.append(Model(word, name, plan, "", classifier, synthetic))
    return found


def candidates(found: Sequence[Model], decided: bool) -> list[Candidate]:
    """List the candidates of these models in order of simplicity; without decisions there is no threshold."""
    rules = ("plain", "threshold") if decided else ("plain",)
    return [Candidate(model, rule) for model in found for rule in rules]
