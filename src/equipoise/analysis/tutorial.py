"""The tutorial's errors: percent of rows misclassified, of all and of each class."""

import pandas as pd

POSITIVE = ">50K"


def errors(observations: pd.DataFrame) -> pd.DataFrame:
    """Give errors on test rows in percent: columns method, decision, repeat, label, error; label "" is all rows."""
    test = observations[observations["part"] == "test"]
    whole = test[(test["metric"] == "accuracy") & (test["label"] == "")]
    by_class = test[(test["metric"] == "recall") & (test["label"] != "")]
    table = pd.concat([whole, by_class], ignore_index=True)
    table = table.assign(error=100 * (1 - table["value"]))
    return table[["method", "decision", "repeat", "label", "error"]].reset_index(drop=True)
