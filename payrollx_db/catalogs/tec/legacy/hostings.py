"""TEC's other hostings: everything in one database, and all but some domains in it.

By default a domain without a database of its own uses the shared one, where its tables lie beside the others', told
apart by their prefixes. In the hybrid the domains of finance and insurance have moved out; nobody has deleted the rows
that they left behind.
"""

from dataclasses import replace

from payrollx_db.catalogs.tec.legacy import LAYOUT

TOGETHER = "tec_ecosystem"
MOVED_OUT = frozenset({"life", "assets", "fundx", "nbf", "insure"})

SHARED = replace(
    LAYOUT, name="shared", databases=tuple(replace(known, database=TOGETHER) for known in LAYOUT.databases)
)

HYBRID = replace(
    LAYOUT,
    name="hybrid",
    databases=tuple(
        known if known.service in MOVED_OUT else replace(known, database=TOGETHER) for known in LAYOUT.databases
    ),
)
