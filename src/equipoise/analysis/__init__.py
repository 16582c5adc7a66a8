"""From the results of a run to what can be said of them: pure functions, table in, table out."""
