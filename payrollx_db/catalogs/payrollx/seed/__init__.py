"""A small company world for examples and tests: the same rows every time, consistent over all eight services.

``world`` is who and what there is, ``rows`` makes the rows of it, ``insert`` has them as a `Seed`, to be written.
"""
