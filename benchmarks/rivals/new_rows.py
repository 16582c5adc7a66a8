"""SDMetrics: new-row synthesis, timed on 500 of Adult's 32,561 synthetic rows and scaled.

It asks one query a row, so that its time is proportional to the rows; all of them would take minutes.
"""

import json
import sys
import time
import warnings

from sdmetrics.single_table import NewRowSynthesis

import new_row_tables

warnings.filterwarnings("ignore")
real, synthetic, kinds = new_row_tables.pair()
sdtypes = {"numeric": "numerical"}
metadata = {"columns": {name: {"sdtype": sdtypes.get(kind, kind)} for name, kind in kinds.items()}}
sample = synthetic.head(new_row_tables.CHECKED)
NewRowSynthesis.compute_breakdown(real, sample.head(10), metadata)
start = time.perf_counter()
found = NewRowSynthesis.compute_breakdown(real, sample, metadata)
seconds = (time.perf_counter() - start) * len(synthetic) / len(sample)
json.dump(
    {"seconds": seconds, "rows": len(synthetic), "columns": found["num_new_rows"]}, sys.stdout
)
print()
