"""Classifiers on a schema, and what can be done on their side: weights, offsets, priors."""
