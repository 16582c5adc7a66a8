"""Synthesizers: one method a file, one public class a file."""
