"""Imbalanced-learn samplers over synthesizers, and how many rows they make."""
