"""ctgan: fit and transform of the encoder that its networks use."""

import warnings

from ctgan.data_transformer import DataTransformer

import adult

warnings.filterwarnings("ignore")
table, discrete = adult.read()
numbers = table.columns.difference(discrete)
table[numbers] = table[numbers].astype(float)


def encode() -> tuple[int, int]:
    """Encode the table once."""
    transformer = DataTransformer()
    transformer.fit(table, discrete)
    return transformer.transform(table).shape


adult.measure(encode)
