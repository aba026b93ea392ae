"""Mistakes that a type checker finds; each line says which. It is never run."""

from payrollx_db import auth, unified

auth.db.session(isolation="SNAPSHOT")  # expect: arg-type
auth.db.session(True)  # expect: misc, call-arg
unified.transaction("payroll")  # expect: arg-type

with auth.db.session() as session:
    session.scalar_one()  # expect: attr-defined
