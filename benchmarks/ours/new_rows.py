"""Equipoise: new-row synthesis of as many synthetic rows as Adult has, from frames to the share, every row."""

import adult
import new_row_tables
from equipoise.fidelity.new_rows import matched_rows
from equipoise.tables.coded import code
from equipoise.tables.schema import Schema

real, synthetic, kinds = new_row_tables.pair()


def score() -> tuple[int, int]:
    """Search every row once; what both sides must agree on are the new ones among the first rows."""
    schema = Schema.infer(real, kinds, warn=False)
    matched = matched_rows(schema, code(schema, real), code(schema, synthetic))
    return len(matched), int((~matched[: new_row_tables.CHECKED]).sum())


adult.measure(score)
