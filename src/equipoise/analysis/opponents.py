"""Who is compared with whom: the opponents of a treatment, all of them answers that leave the rows as they are."""

from collections.abc import Collection, Iterable

import pandas as pd

from equipoise.errors import OptionError

TREATMENT = ["method", "plan", "decision", "classifier"]

OPPONENTS: dict[str, str] = {
    "identity": "plain",
    "balanced": "balanced",
    "ladder": "ladder",
    "threshold": "threshold",
    "tuned": "tuned",
    "bagging": "plain",
    "best-simple": "best-simple",
}

# An opponent that is another form of the classifier, for which it decides plainly.
CLASSIFIER_OF = {"bagging": {"xgboost-bagging": "xgboost"}}

# A control is another form of this classifier, and is compared with it.
CONTROLS = {"xgboost-bagging": "xgboost", "xgboost-regularised": "xgboost"}

SPLIT = ":split"
CORRECTED = "+corrected"


def present_opponents(decisions: Iterable[str], classifiers: Iterable[str]) -> list[str]:
    """Give the opponents that untreated rows with these decisions and classifiers can be."""
    decided, classified = set(decisions), set(classifiers)
    return [
        name
        for name, decision in OPPONENTS.items()
        if decision in decided
        and (name not in CLASSIFIER_OF or classified & set(CLASSIFIER_OF[name]))
    ]


def home_classifier(classifier: str, present: Collection[str]) -> str:
    """Give the classifier that a treatment's opponent uses: its own, or the one that a control varies."""
    home = CONTROLS.get(classifier, classifier)
    return home if home in present else classifier


def opposing_decision(decision: str, opponent: str) -> str:
    """Give the decision of the opponent that is fair to a treatment's decision.

    A threshold tuned on one inner split (a costly method's) meets an opponent tuned in that same way.

    Raises
    ------
    OptionError
        There is no such opponent.
    """
    if opponent not in OPPONENTS:
        raise OptionError(f"there is no opponent {opponent!r}; choose from {', '.join(OPPONENTS)}")
    wanted = OPPONENTS[opponent]
    tuned = wanted in ("threshold", "best-simple")
    own = decision.removesuffix(CORRECTED)
    return wanted + SPLIT if tuned and own.endswith(SPLIT) else wanted


def opposing_scores(scores: pd.DataFrame, opponent: str) -> pd.DataFrame:
    """Add to each score that of its opponent in the same split.

    Parameters
    ----------
    scores : DataFrame
        Columns dataset, repeat, `TREATMENT` and score.
    opponent : str

    Returns
    -------
    DataFrame
        The rows that have an opponent and are not it, with columns ``opponent_score`` and ``home`` (the classifier
        that the opponent uses).
    """
    present = set(scores["classifier"])
    table = scores.assign(
        _decision=scores["decision"].map(lambda d: opposing_decision(d, opponent)).astype(object),
        home=scores["classifier"].map(lambda c: home_classifier(c, present)).astype(object),
    )
    base = scores[scores["method"] == "identity"]
    own = base["classifier"]
    if opponent in CLASSIFIER_OF:
        own = own.map(CLASSIFIER_OF[opponent])
    base = base.assign(home=own, _own=base["classifier"]).dropna(subset=["home"])
    base = base.rename(columns={"score": "opponent_score", "decision": "_decision"})
    base = base[["dataset", "repeat", "_decision", "home", "_own", "opponent_score"]]
    joined = table.merge(base, on=["dataset", "repeat", "_decision", "home"], how="inner")
    itself = (
        (joined["method"] == "identity")
        & (joined["decision"] == joined["_decision"])
        & (joined["classifier"] == joined["_own"])
    )
    return joined[~itself].drop(columns=["_decision", "_own"]).reset_index(drop=True)
