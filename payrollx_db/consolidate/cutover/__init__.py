"""Cutting over: writers are held, the last changes brought over, and the unified database opened; and the way back."""
