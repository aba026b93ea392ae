"""Rows from the sources into the target, and what surrounds them: indexes, keys, sequences."""
