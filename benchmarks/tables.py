"""The articles' seven tables and their splits, alike in both environments; it needs pandas and scikit-learn only."""

from pathlib import Path

import pandas as pd
from sklearn.model_selection import train_test_split

TARGETS = {
    "hmeq": "BAD",
    "thomas": "BAD",
    "popularkids": "Goals",
    "eucalyptus": "Utility",
    "steel_plates_fault": "target",
    "ionosphere": "class",
    "adult": "income",
}


def read(path: Path, target: str) -> pd.DataFrame:
    """Read a table: empty cells are missing, and the target is a text whatever it looks like."""
    return pd.read_csv(path, keep_default_na=False, na_values=[""], dtype={target: str})


def discrete_columns(table: pd.DataFrame) -> list[str]:
    """Name the columns that hold no numbers."""
    return [name for name in table if not pd.api.types.is_numeric_dtype(table[name])]


def split(table: pd.DataFrame, target: str, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give 80 % of the rows to train on and 20 % to judge by, stratified by class."""
    return train_test_split(table, test_size=0.2, stratify=table[target], random_state=seed)


def write_split(data_dir: Path, name: str, seed: int, folder: Path) -> None:
    """Write `train.csv` and `test.csv` of one split into a folder, unless they are there."""
    if (folder / "test.csv").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    target = TARGETS[name]
    train, test = split(read(data_dir / f"{name}.csv", target), target, seed)
    train.to_csv(folder / "train.csv", index=False)
    test.to_csv(folder / "test.csv", index=False)
