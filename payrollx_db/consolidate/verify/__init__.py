"""Proof that both sides hold the same, and what changed in a source meanwhile."""
