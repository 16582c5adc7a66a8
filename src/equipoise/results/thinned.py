"""Names of thinned tables: ``hmeq@0.1`` is hmeq with a tenth of the training rows of each split."""

MARK = "@"
LEAST = 2  # rows that each class keeps, if it has them: one alone can be no one's neighbour


def share_of(name: str) -> float:
    """Give the share that a table's name tells, 1 where it tells none."""
    _, mark, text = name.rpartition(MARK)
    try:
        return float(text) if mark else 1.0
    except ValueError:
        return 1.0


def base_of(name: str) -> str:
    """Give the table that a thinned one is made of, and any other as it is."""
    return name.rpartition(MARK)[0] if share_of(name) < 1 else name


def kept_rows(n_rows: int, share: float) -> int:
    """Give how many of a class's training rows a share of them is."""
    return min(n_rows, max(LEAST, round(share * n_rows)))
