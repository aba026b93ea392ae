"""Mistakes that a type checker finds; each line says which, by mypy and by pyright. It is never run."""
# pyright: standard

from payrollx_db import auth, payroll, unified, wallet

auth.db.session(isolation="SNAPSHOT")  # expect: arg-type / reportArgumentType
auth.db.session(True)  # expect: arg-type, call-arg / reportCallIssue
auth.db.wallets.insert()  # expect: attr-defined / reportAttributeAccessIssue
unified.transaction("payroll")  # expect: call-overload / reportCallIssue, reportArgumentType

with auth.db.session() as session:
    session.scalar_one()  # expect: attr-defined / reportAttributeAccessIssue
    session.add(auth.User(emial="a@example.org"))  # expect: call-arg / reportCallIssue
    session.add(auth.User(email=7))  # expect: arg-type / reportArgumentType

with unified.transaction(payroll, wallet) as tx:
    tx.auth.flush()  # expect: misc / reportAttributeAccessIssue
    tx.nobody.flush()  # expect: attr-defined / reportAttributeAccessIssue

with unified.transaction(payroll.db, wallet.db) as same:
    same.auth.flush()  # expect: misc / reportAttributeAccessIssue


async def through_async() -> None:
    async with unified.async_transaction(payroll, wallet) as tx:
        await tx.auth.flush()  # expect: misc / reportAttributeAccessIssue
