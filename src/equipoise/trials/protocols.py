"""How a trial splits, prepares and trains: the fair protocol, and those that break its rules and say so."""

from collections.abc import Sequence

from equipoise.errors import OptionError

FAIR, TUTORIAL = "fair", "tutorial"

# What each declares of itself, in every trial and in the run.
PROTOCOLS = {
    FAIR: "",
    TUTORIAL: "This repeats a published tutorial and breaks three rules of the fair trial on purpose: the split is a "
    "random 80 / 20 split that is not stratified (rule 1), scaling and one-hots are learnt on all rows before it "
    "(rule 2), and the classifier meets encoded rows, the published synthetic ones as fractions that no real row has "
    "(rule 4).",
}
TUTORIAL_CLASSIFIERS = ("random-forest",)


def check_protocol(name: str, classifiers: Sequence[str]) -> None:
    """Refuse a protocol that there is not, and a classifier that it does not have.

    Raises
    ------
    OptionError
        As said.
    """
    if name not in PROTOCOLS:
        raise OptionError(
            f"there is no protocol {name!r}; the protocols are {', '.join(PROTOCOLS)}"
        )
    if name == TUTORIAL and tuple(classifiers) != TUTORIAL_CLASSIFIERS:
        raise OptionError(
            f"the tutorial's protocol has the classifier {TUTORIAL_CLASSIFIERS[0]} alone, "
            f"got {', '.join(classifiers)}"
        )
