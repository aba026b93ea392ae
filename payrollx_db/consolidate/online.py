"""The story of a consolidation while services write, from top to bottom: follow, cut over, go back, complete.

Each public function is one thing that a person asks for, as in `pipeline`.
"""
