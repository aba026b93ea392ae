"""What a run remembers, in the target's schema ``payrollx_meta``: the only place that knows its tables.

`schema` says of which version they are, `migrations` brings them to this tool's, and `lock` lets only one run write.
Each other module is one thing that is remembered.
"""
