"""Fitted things in files and back, without pickle: one file format, and a codec for each kind of value."""
