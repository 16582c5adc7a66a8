"""A synthesizer of one's own that takes its time."""

import time

from equipoise import Smote


class Slow(Smote):
    """SMOTE after a long nap."""

    def fit(self, X, y, *, kinds=None):
        time.sleep(60)
        return super().fit(X, y, kinds=kinds)
