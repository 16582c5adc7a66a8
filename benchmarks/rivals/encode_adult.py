"""ctgan: write Adult as its own networks see it, for both sides to train on: encode_adult.py FILE.npz.

The file holds the rows, and for each column the activation and the width of its spans.
"""

import sys
import warnings

import numpy as np
from ctgan.data_transformer import DataTransformer

import adult

warnings.filterwarnings("ignore")
table, discrete = adult.read()
transformer = DataTransformer()
transformer.fit(table, discrete)
spans = [
    (column, span.activation_fn == "tanh", span.dim)
    for column, spans in enumerate(transformer.output_info_list)
    for span in spans
]
np.savez(sys.argv[1], rows=transformer.transform(table).astype(np.float32), spans=np.array(spans))
print('{"written": 1}')
