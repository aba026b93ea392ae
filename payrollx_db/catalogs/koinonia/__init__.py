"""Koinonia: a registry of churches, and the same 25 tables for each of them, which came from a database each."""
