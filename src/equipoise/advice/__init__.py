"""Advice on one table: the fair trial within a time budget, and what to do.

Data flows one way: `question` (what is asked) and `audit` (what the table looks like), `candidates`, `folds`, `contest`
(the race, which fills the `matrix` of out-of-fold probabilities), `choice` (rule S and the honest gain), `verdict`.
"""
