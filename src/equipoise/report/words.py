"""The words of the page: labels of treatments, plans and scores, and what they mean."""

import math
from collections.abc import Collection, Iterable, Sequence

from equipoise.analysis.opponents import CONTROLS, CORRECTED, SPLIT
from equipoise.analysis.verdicts import ROPE
from equipoise.analysis.wording import signed
from equipoise.registry import METHODS, Method
from equipoise.results.thinned import base_of, share_of

METRICS: dict[str, str] = {
    "macro_f1": "Macro F1",
    "worst_f1": "Worst-class F1",
    "macro_roc_auc": "Macro AUC",
}

OPPONENT_LABELS: dict[str, str] = {
    "identity": "doing nothing",
    "best-simple": "the best simple choice",
    "balanced": "balanced weights",
    "ladder": "ladder weights",
    "threshold": "a tuned threshold",
    "tuned": "tuned hyperparameters",
    "bagging": "plain bagging",
}

DECISION_LABELS: dict[str, str] = {
    "plain": "untouched rows",
    "balanced": "balanced weights",
    "ladder": "ladder weights",
    "threshold": "tuned threshold",
    "tuned": "tuned hyperparameters",
    "best-simple": "best simple choice",
}

CONTROL_LABELS: dict[str, str] = {
    "xgboost-bagging": "bagging",
    "xgboost-regularised": "regularised preset",
}

FAMILY_LABELS: dict[str, str] = {
    "decision": "weights, thresholds, presets",
    "resampling": "resampling",
    "noise": "noise",
    "neighbours": "neighbours",
    "trees": "trees",
    "network": "networks",
    "own": "other",
    "law": "fresh real rows",
}

VERDICT_HEADINGS: dict[str, str] = {
    "helps": "Helps",
    "may help": "May help",
    "no difference": "No difference that matters",
    "cannot be told": "Cannot be told",
    "may hurt": "May hurt",
    "hurts": "Hurts",
    "failed": "Failed",
}

GLOSSARY: tuple[tuple[str, str], ...] = (
    (
        "gain",
        "The score of the classifier trained on treated rows minus that of its opponent, on the same test rows "
        "of the same split. Positive is better.",
    ),
    (
        "doing nothing",
        "The rows as they are, the classifier as it comes, the likeliest class predicted (identity, plain).",
    ),
    (
        "best simple choice",
        "What one gets without making a row: plain, balanced weights, ladder weights, a tuned threshold or a "
        "regularised preset, chosen inside the training part of each split.",
    ),
    (
        "fresh real rows",
        "On tables of a known law (oracle): as many rows, drawn anew from the law itself in place of synthetic ones. "
        "Where they do not help, no synthesizer can. They are a yardstick, and not counted among the treatments.",
    ),
    (
        "tuned threshold",
        "Offsets of the class probabilities that maximise macro F1 out of fold: on five inner folds, or for costly "
        "methods on one inner split; the opponent is then tuned in that same way.",
    ),
    (
        "ladder weights",
        "Weights 1, 5, 10, 15, ... from the most frequent class to the rarest.",
    ),
    (
        "interval",
        "On one table: 95 %, from paired differences over the splits, with the correction of Nadeau and Bengio (2003) "
        "for training sets that overlap. Over tables: the mean of the tables' means on these very tables, with "
        "Satterthwaite's degrees of freedom; it says nothing about other tables. What is said “for tables like these” "
        "is the 95 % t interval of the tables' means, as if these tables were drawn from many.",
    ),
    (
        "rank correlation",
        "Within tables it stands with ± what chance alone gives in 95 % of permutations of the methods, alike on all "
        "tables: no confidence interval, but how far from zero a correlation without meaning gets. Between tables it "
        "stands with a 95 % interval by Fisher's transform.",
    ),
    (
        "SD between tables",
        "How far a gain differs from table to table beyond what their folds explain; its 95 % interval is the Q "
        "profile: all values that Cochran's Q leaves possible.",
    ),
    (
        "helps, hurts",
        "The interval lies on one side of zero, and still does after Holm's correction for all "
        "comparisons shown together: same table, plan, opponent and classifier, answers without a plan among them. "
        "Without that correction it reads “may help”, “may hurt”.",
    ),
    (
        "no difference that matters",
        f"The whole interval lies in the grey band of practical equivalence, within {ROPE:g} of zero.",
    ),
    ("cannot be told", "Anything else: the interval holds zero and reaches beyond the band."),
    (
        "macro F1, worst-class F1",
        "The unweighted mean of the classes' F1, and the least of them. For the worst class the folds "
        "are pooled before the minimum is taken; its interval is a jackknife over folds with the same correction.",
    ),
    (
        "macro AUC",
        "The unweighted mean of the one-against-rest areas under the ROC curve. A threshold does not change it.",
    ),
    (
        "generalization gap",
        "The score on the real training rows minus the score on the test rows. “Gap closed” is "
        "(gap of untouched rows − gap) / gap of untouched rows.",
    ),
    (
        "signed-rank p, chances",
        "Each table taken as one observation: the exact p of Wilcoxon's test after Holm's correction, and the "
        "probabilities of the Bayesian signed-rank test (Benavoli et al. 2014) that on tables like these the treatment "
        f"typically hurts, stays within {ROPE:g} of zero, or helps. Shown where there are tables enough for the least "
        "p, 2 / 2ᴺ of N tables, to pass Holm's correction over all treatments compared.",
    ),
    (
        "failure, skip",
        "A failed or timed-out trial counts as no gain in means and as last in ranks, and is named; “failed” stands "
        "where every trial failed. A declared skip is absent, and a mean over fewer splits or tables says so.",
    ),
    (
        "share",
        "“hmeq@0.1” is the table hmeq with a tenth of the training rows of each split; its test rows are whole. Over "
        "tables, the shares of a table count as that one table.",
    ),
    (
        "plan",
        "How many rows are made or dropped. “balance”: all classes end equal, lifted to the largest, or, where a "
        "method only drops rows, cut to the smallest. “grow:0.5”: every class grows by half of itself.",
    ),
)


def ends_text(low: float, high: float) -> str:
    """Give "[+0.010, +0.033]", or a dash where there is no interval."""
    if low is None or math.isnan(low):
        return "–"
    return f"[{signed(low)}, {signed(high)}]"


def interval_text(gain: float, low: float, high: float) -> str:
    """Give "+0.021 [+0.010, +0.033]", or the gain alone where there is no interval."""
    if low is None or math.isnan(low):
        return signed(gain)
    return f"{signed(gain)} {ends_text(low, high)}"


def decision_label(decision: str) -> str:
    """Give the words for a decision on untouched rows."""
    corrected = decision.endswith(CORRECTED)
    base = decision.removesuffix(CORRECTED)
    plain = DECISION_LABELS.get(base.removesuffix(SPLIT), base.removesuffix(SPLIT))
    return (
        plain
        + (" (one split)" if base.endswith(SPLIT) else "")
        + (" (prior corrected)" if corrected else "")
    )


def treatment_label(method: str, decision: str, classifier: str, homes: Collection[str]) -> str:
    """Give the words for a treatment; its plan is said elsewhere."""
    control = "" if classifier in homes else CONTROL_LABELS.get(classifier, classifier)
    if method == "identity":
        if not control:
            return decision_label(decision)
        return control if decision == "plain" else f"{control}, {decision_label(decision)}"
    words = f"{FAMILY_LABELS['law']} ({method})" if draws_the_law(method) else method
    if decision != "plain":
        words += f" + {decision_label(decision.replace(SPLIT, ''))}"
    return f"{words} ({control})" if control else words


def _entry(method: str) -> Method | None:
    return METHODS.get(method) or METHODS.get(method.partition(":")[0])


def draws_the_law(method: str) -> bool:
    """Whether a method's rows are fresh real ones: a yardstick on tables of a known law, and nothing one can have."""
    entry = _entry(method)
    return entry is not None and entry.needs_law


def family(method: str) -> str:
    """Give the family of a method, which decides its colour; a variant's is that of its method."""
    if method == "identity":
        return "decision"
    if draws_the_law(method):
        return "law"
    entry = _entry(method)
    return entry.family if entry is not None and entry.family in FAMILY_LABELS else "own"


def home_classifiers(classifiers: Sequence[str]) -> list[str]:
    """Give the classifiers that are not controls of another one that is there."""
    present = set(classifiers)
    return [
        c
        for c in dict.fromkeys(classifiers)
        if CONTROLS.get(c, c) == c or CONTROLS[c] not in present
    ]


def counted(n: int, noun: str, plural: str = "") -> str:
    """Give "1 table", "2 tables"."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def tables_text(names: Iterable[str]) -> str:
    """Give "6 tables", or "6 tables in 4 shares" where they were thinned: the shares of a table are one table."""
    names = list(names)
    text = counted(len(set(map(base_of, names))), "table")
    shares = len(set(map(share_of, names)))
    return f"{text} in {shares} shares" if shares > 1 else text


def these_tables(names: Iterable[str]) -> str:
    """Give "these 6 tables", "this table in 2 shares"."""
    text = tables_text(names)
    return f"this {text.removeprefix('1 ')}" if text.startswith("1 ") else f"these {text}"
