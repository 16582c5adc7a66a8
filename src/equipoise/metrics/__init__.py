"""Scores of a classifier, and nothing that knows what made the predictions."""
