"""A synthesizer of one's own in forty lines: it passes the conformance suite and takes part in a fair trial by its name.

`Principal` draws the numbers of a class from a normal law on their principal axes, and each category with the numbers of
the nearest training row.
"""
