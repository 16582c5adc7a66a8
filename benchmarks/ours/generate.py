"""Equipoise: fit a method, write as many rows as it was given: generate.py METHOD train.csv rows.csv --target income.

Prints one JSON line: rows, seconds of the fit, of its processor and of sampling, and fallbacks if there were any.
"""

import argparse
import json
import time
import warnings
from pathlib import Path

import tables
from equipoise.registry import make

parser = argparse.ArgumentParser()
parser.add_argument("method")
parser.add_argument("train", type=Path)
parser.add_argument("output", type=Path)
parser.add_argument("--target", required=True)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--options", type=json.loads, default={}, help="of the method, as JSON")
options = parser.parse_args()
warnings.filterwarnings("ignore")
table = tables.read(options.train, options.target)
X, y = table.drop(columns=options.target), table[options.target]
start, busy = time.perf_counter(), time.process_time()
synthesizer = make(options.method, random_state=options.seed, **options.options).fit(X, y)
fit, busy = time.perf_counter() - start, time.process_time() - busy
start = time.perf_counter()
rows, labels = synthesizer.sample(len(table), random_state=options.seed)
sampling = time.perf_counter() - start
rows.assign(**{options.target: labels.to_numpy()})[list(table)].to_csv(options.output, index=False)
fallbacks = sorted({d.fallback for d in synthesizer.deliveries_ if d.fallback})
cost = {"rows": len(rows), "fit_s": fit, "fit_cpu_s": busy, "sample_s": sampling}
print(json.dumps(cost | {"fallbacks": fallbacks}))
