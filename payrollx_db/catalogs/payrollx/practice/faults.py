"""What real legacy data does to a stricter schema, planted on purpose and counted.

**How it is counted.** A count is of rows whose own value is at fault, in the owner's table:

- ``orphan``: rows whose enforced reference names an id that the owner's table doesn't have;
- ``duplicate``: rows beyond the first of each value of a column that is unique in the target;
- ``unconvertible``: rows whose value is no UUID where the target wants one;
- ``case-collision``: rows beyond the first of each set of ids that differ only in case;
- ``lossy``: rows whose number has more than 18 fraction digits.

Of a copy (a table that another database owns) only two things are counted, by its ``id`` as text:
``drift``, rows that the owner has with other values, and ``stranded``, rows that the owner never had.

**Closures.** Rows are planted such that no trouble leads to another: nothing points at a planted row
that has to go, so setting it aside orphans nothing, and each group of duplicates has exactly two
rows. The one exception is meant: wallets point at employees whose ids are no UUIDs. Those wallets are
``unconvertible`` at their own ``employeeId``, not ``orphan`` as well: their employee is there, under
that same text, in the owner's table and in the wallet database's copy, which is therefore not at fault.
"""

from collections.abc import Mapping

from payrollx_db.devserver.practice import Trouble

OWNERS = {
    "employees": "payrollx_employee",
    "organizations": "payrollx_org",
    "payroll_runs": "payrollx_payroll",
}


def missing_rows(
    tables: Mapping[tuple[str, str], tuple[int, bool]], troubles: tuple[Trouble, ...]
) -> tuple[Trouble, ...]:
    """Return, for each copy, how many of its owner's rows it lacks.

    ``tables`` maps (database, table) to the number of rows and whether it is a copy. A copy holds
    nothing but rows of the owner's and stranded ones, so subtraction is exact.
    """
    stranded = {trouble.place: trouble.count for trouble in troubles if trouble.code == "stranded"}
    missing = []
    for (database, table), (rows, copy) in sorted(tables.items()):
        if copy:
            place = f"{database}.public.{table}.id"
            lacking = tables[OWNERS[table], table][0] - rows + stranded.get(place, 0)
            missing.append(Trouble("missing", place, lacking))
    return tuple(trouble for trouble in missing if trouble.count)
