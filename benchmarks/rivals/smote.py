"""imbalanced-learn: SMOTENC on mixed columns until the classes are balanced."""

import warnings

from imblearn.over_sampling import SMOTENC

import adult

warnings.filterwarnings("ignore")
X, discrete = adult.read()
y = X.pop(adult.TARGET)
discrete.remove(adult.TARGET)


def balance() -> tuple[int, int]:
    """Balance the table once."""
    sampler = SMOTENC(categorical_features=discrete, random_state=0)
    X_balanced, y_balanced = sampler.fit_resample(X, y)
    return X_balanced.assign(**{adult.TARGET: y_balanced}).shape


adult.measure(balance)
