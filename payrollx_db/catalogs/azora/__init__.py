"""Azora: nine services, from a learning platform to its mint, as they stand in nine legacy databases."""
