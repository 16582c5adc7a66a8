"""Advice on one table: what to do about its imbalance, how sure that is, and the winner ready to use."""

import equipoise as eq


def main() -> None:
    """Ask for advice on the bundled Ionosphere table, read it, and use what it hands over."""
    X, y = eq.load_dataset("ionosphere")

    # Networks are left out and the folds are drawn twice, so that this takes seconds; leave both options out to let
    # every method take part for five minutes.
    verdict = eq.advise(X, y, budget="1m", methods=["smote", "cart", "undersample"], partitions=2)

    print(verdict.text)
    print(f"\nwhat to do: {verdict.method}; the best guess if one must act: {verdict.lean}")
    low, high = verdict.interval
    print(f"what choosing is worth: {verdict.gain:+.3f} [{low:+.3f}, {high:+.3f}] macro F1")

    print("\nwho took part:")
    print(
        verdict.frame()
        .head(6)[["name", "score", "gain", "low", "high"]]
        .round(3)
        .to_string(index=False)
    )

    model = verdict.estimator  # fitted on all rows: treatment, classifier and threshold in one
    print(f"\nfirst predictions: {model.predict(X[:3]).tolist()}")
    print(f"\nthe same again:\n{verdict.code}")


if __name__ == "__main__":
    main()
