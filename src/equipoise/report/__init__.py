"""The page, the figures and the terminal's table of a run, made from its results alone."""
