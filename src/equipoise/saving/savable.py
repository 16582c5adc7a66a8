"""What a file can hold whole, and `equipoise.load` gives back."""

from typing import Any, ClassVar

from sklearn.base import BaseEstimator


class Savable(BaseEstimator):
    """Base of synthesizers, and of the estimators over them, that `saving` writes and reads.

    A subclass says what is special about it; a file holds its parameters and its attributes, but for those named in
    `_not_saved`.
    """

    keeps_rows: ClassVar[bool] = False
    _kept_form: ClassVar[str] = "training rows as they are"

    def _require_fit(self, action: str) -> None:
        """Refuse an action of an instance that is not fitted."""
        raise NotImplementedError

    def _parameters(self) -> dict[str, Any]:
        """Give the parameters as a file keeps them."""
        return self.get_params(deep=False)

    def _passed_on(self) -> list[Any]:
        """Name the columns whose training values are held as they are."""
        return []

    def _check_restored(self, values: list[Any]) -> None:
        """Refuse, by an exception, state of a file that does not fit together; `values` has all that it holds."""
        raise NotImplementedError
