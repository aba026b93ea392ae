"""Databases as they are: found, carried over with their schemas, and then given better shapes.

Nothing is written by hand but ``lift.toml``, a few lines a database, and a command writes that, too.
"""
