"""The verdict in plain words, and the code that repeats it."""

from typing import TYPE_CHECKING, Any

from equipoise.advice.candidates import PRESET, Candidate
from equipoise.advice.choice import GATE, Gain

if TYPE_CHECKING:
    from equipoise.advice.question import Question
    from equipoise.advice.verdict import Verdict

METRIC_WORDS = {
    "macro_f1": "macro F1",
    "worst_f1": "F1 of the worst class",
    "balanced_accuracy": "balanced accuracy",
    "mcc": "Matthews correlation",
    "roc_auc": "area under the ROC curve",
    "average_precision": "average precision",
    "brier": "Brier score",
    "costs": "mean cost",
}
ENSEMBLE_WORDS = {
    "bagging": "bag the classifier",
    "balanced bagging": "bag the classifier on balanced samples",
    "easy ensemble": "bag the classifier on balanced subsamples (easy ensemble)",
}


def metric_words(name: str) -> str:
    """Name a measure for a person."""
    kind, at, k = name.partition("@")
    return f"{kind} at {int(k):,} alerts" if at else METRIC_WORDS.get(name, name)


def what_to_do(candidate: Candidate) -> str:
    """Say a candidate as an instruction, without a capital."""
    model = candidate.model
    if candidate.is_untreated:
        return (
            "do nothing" if candidate.rule == "plain" else "tune the threshold, synthesize nothing"
        )
    if model.name in ENSEMBLE_WORDS:
        done = ENSEMBLE_WORDS[model.name]
    elif model.weights:
        done = f"train with {model.weights} class weights"
    elif model.name == PRESET:
        done = "regularise the classifier"
    elif model.method == "undersample":
        done = "drop rows of the larger classes"
    elif model.method == "duplicate":
        done = "repeat rows of the smaller classes"
    else:
        done = f"add rows made by {model.method} (plan {model.plan})"
    return f"{done} and tune the threshold" if candidate.rule == "threshold" else done


def _number(value: float) -> str:
    return f"{value:+.3f}".replace("-", "\u2212")


def gain_words(gain: Gain) -> str:
    """Give a gain with its interval."""
    return f"{_number(gain.mean)} [{_number(gain.low)}, {_number(gain.high)}]"


def _percent(share: float) -> str:
    return f"{share:.0%}"


def paragraph(verdict: "Verdict") -> str:
    """Give the verdict in a few sentences."""
    decision, metric = verdict.decision, metric_words(verdict.asked.measure.name)
    act = what_to_do(decision.verdict)
    base = f"{verdict.score_of('do nothing'):.3f}"
    parts = [act[0].upper() + act[1:] + "."]
    if not decision.verdict.is_identity:
        parts += _acting(verdict, metric, base)
    else:
        parts += _nothing(verdict, metric, base)
    parts += _synthesizer(verdict)
    if verdict.partial:
        parts.append("The trial was interrupted: this is what its finished folds say.")
    return " ".join(parts)


def _acting(verdict: "Verdict", metric: str, base: str) -> list[str]:
    gain, rope = verdict.decision.gain, verdict.asked.rope
    return [
        f"Doing nothing scores {base} in {metric}; choosing so gains {gain_words(gain)}, measured on rows that "
        f"took no part in the choice.",
        f"In {_percent(gain.helps)} of the bootstraps it helped by more than {rope:g}, in "
        f"{_percent(gain.same)} it made no practical difference, in {_percent(gain.hurts)} it hurt.",
    ]


def _nothing(verdict: "Verdict", metric: str, base: str) -> list[str]:
    choice, rope = verdict.decision.choice, verdict.asked.rope
    gain, kind = choice.gain, verdict.decision.nothing
    scored = f"Doing nothing scores {base} in {metric}."
    if kind == "equivalent":
        return [
            scored,
            f"No treatment makes a difference that matters: what the trial would choose gains {gain_words(gain)}, "
            f"all of it within \u00b1{rope:g}.",
        ]
    if kind == "harmful":
        return [
            scored,
            f"What the trial would choose loses on rows that took no part in the choice: {gain_words(gain)}.",
        ]
    half = (gain.high - gain.low) / 2
    rows = verdict.rows * (half / rope) ** 2
    said = [scored]
    if choice.lean.is_identity:
        said.append(
            f"Nothing did better by enough to be chosen: the choice gains {gain_words(gain)}."
        )
    else:
        said.append(
            f"It cannot be told whether anything helps: the best guess is to {what_to_do(choice.lean)}, which "
            f"gains {gain_words(gain)}, positive in {_percent(gain.positive)} of the bootstraps where "
            f"{_percent(GATE)} would be proof enough."
        )
    if half > rope:
        said.append(
            f"To tell a difference of {rope:g} takes about {_round(rows):,} rows like these."
        )
    return said


def _round(rows: float) -> int:
    digits = max(len(str(int(rows))) - 2, 0)
    return round(int(rows), -digits)


def _synthesizer(verdict: "Verdict") -> list[str]:
    """Say why a synthesizer that looked best is not the verdict."""
    lean = verdict.decision.lean
    if lean is verdict.decision.choice or lean.lean.name == verdict.method:
        return []
    return [
        f"Rows made by {lean.lean.model.method} looked best, but did not surely beat the best simple "
        f"treatment ({gain_words(lean.over_simple)} over it)."
    ]


def repeat_code(verdict: "Verdict") -> str:
    """Give the lines that repeat the winner on the table, or on one of the same columns."""
    asked = verdict.asked
    imports, made = _constructor(verdict.unfitted())
    out = list(asked.left_out)
    if asked.source is None:
        without = [f"X = X.drop(columns={out!r})"] if out else []
        lines = [*without, f"model = {made}.fit(X, y)", "model.predict(X), model.predict_proba(X)"]
    else:
        target = asked.y.name
        lines = [
            f"data = eq.read_table({_read_words(asked)}).dropna(subset=[{target!r}])",
            f"X, y = data.drop(columns={[target, *out]!r}), data[{target!r}]",
            f"model = {made}.fit(X, y)",
            "model.predict(X), model.predict_proba(X)",
        ]
    return "\n".join(["import equipoise as eq", *imports, *lines])


def _read_words(asked: "Question") -> str:
    assert asked.source is not None
    said = vars(asked.source.reading).items()
    more = [f"{option}={list(given)!r}" for option, given in said if given]
    return ", ".join([repr(asked.source.path), *more])


def _constructor(model: Any) -> tuple[list[str], str]:
    """Give the imports that a constructor needs, and the constructor."""
    given, imports = [], []
    for name, value in model.get_params(deep=False).items():
        if name == "method" or (name == "plan" and model.method in ("identity", "undersample")):
            continue
        if name == "classifier" and not isinstance(value, str):
            cls = type(value)
            imports.append(f"from {cls.__module__} import {cls.__name__}")
        elif value == _DEFAULTS[name] and name != "random_state":
            continue
        given.append(f"{name}={value!r}")
    return imports, f"eq.AugmentedClassifier({', '.join([repr(model.method), *given])})"


_DEFAULTS: dict[str, Any] = {
    "plan": "balance", "weights": None, "classifier": "xgboost", "offsets": None, "prior": None,
    "costs": None, "kinds": None, "synthetic_weight": 1.0, "random_state": None,
}  # fmt: skip
