"""Trials: experiments as data, the arrows inside a trial, workers, and the driver."""
