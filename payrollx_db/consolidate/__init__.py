"""The consolidation: plan, check, copy, load, merge, verify. `pipeline` tells the story and is the way in.

It knows nothing of PayrollX: a :class:`~payrollx_db.model.catalog.Catalog` and a
:class:`~payrollx_db.model.layout.Layout` are its arguments.
"""
