"""ctgan: fit its CTGAN or TVAE with its own defaults and write as many rows as it was given.

    python generate.py ctgan train.csv rows.csv --target income [--epochs 300] [--seed 0]

Prints one JSON line: rows, seconds of the fit and of its processor, of its encoding alone, and of sampling. The
reference refuses missing cells: numbers get the median of their column, words a level ``?``.
"""

import argparse
import json
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from ctgan import CTGAN, TVAE
from ctgan.data_transformer import DataTransformer

import tables

warnings.filterwarnings("ignore")


def filled(table: pd.DataFrame, discrete: list[str]) -> pd.DataFrame:
    """Give the table without missing cells."""
    table = table.copy()
    for name in table:
        if name in discrete:
            table[name] = table[name].fillna("?")
        else:
            table[name] = table[name].astype(float).fillna(table[name].median())
    return table


def main() -> None:
    """Parse, fit, sample, write, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("method", choices=["ctgan", "tvae"])
    parser.add_argument("train", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--target", required=True)
    parser.add_argument("--epochs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    table = tables.read(options.train, options.target)
    discrete = tables.discrete_columns(table)
    table = filled(table, discrete)
    start = time.perf_counter()
    transformer = DataTransformer()
    transformer.fit(table, discrete)
    transformer.transform(table)
    encoding = time.perf_counter() - start
    np.random.seed(options.seed)  # noqa: NPY002, what ctgan draws from
    torch.manual_seed(options.seed)
    model = {"ctgan": CTGAN, "tvae": TVAE}[options.method](epochs=options.epochs)
    start, busy = time.perf_counter(), time.process_time()
    model.fit(table, discrete)
    fit, busy = time.perf_counter() - start, time.process_time() - busy
    start = time.perf_counter()
    rows = model.sample(len(table))
    sampling = time.perf_counter() - start
    rows.to_csv(options.output, index=False)
    print(
        json.dumps(
            {
                "rows": len(rows),
                "fit_s": fit,
                "fit_cpu_s": busy,
                "encode_s": encoding,
                "sample_s": sampling,
            }
        )
    )


if __name__ == "__main__":
    main()
