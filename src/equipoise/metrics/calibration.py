"""What scores between a floor and a ceiling share, inside one table and over the splits of a run."""

LEAST_RANGE = (
    0.02  # between floor and ceiling, for (score - floor) / (ceiling - floor) to mean something
)
