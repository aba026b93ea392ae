"""A harbour: somebody else's system, with models, migrations, a layout, seed and practice data of its own.

Its names are odd on purpose: schemas that need quotes, keys of two columns, references of two columns between services
(one enforced, one loose), and a service that has no tables yet.
"""
