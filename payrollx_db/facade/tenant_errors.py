"""What a server's refusal means that our own SQL raises about a tenant: by its SQLSTATE, in our own words."""

import json

from payrollx_db.errors import BoundaryError, ConfigurationError, PayrollxError, PlanLimitError, TargetError
from payrollx_db.postgres import errors, sqlstates


def of_tenant(error: BaseException) -> PayrollxError | None:
    """Return what a failure means, or ``None`` where it is about no tenant."""
    state, message = errors.sqlstate(error), errors.message(error)
    if state == sqlstates.PLAN_LIMIT:
        return _limit(message, errors.detail(error))
    if state == sqlstates.UNPROVEN:
        return BoundaryError(
            f"no rows are shown or written: {message}",
            hint="open it with tenants.session(id); where PAYROLLX_TENANT_KEY is set, it must be the database's",
        )
    if state == sqlstates.NO_PLAN:
        return TargetError(message, hint="the registry's row of the tenant says its plan; the template, what it allows")
    if state == sqlstates.KEY_NEEDED:
        return ConfigurationError(message, hint="set it to the key that payrollx-db tenant key has handed over")
    return None


# -- private ------------------------------------------------------------------------------------------


def _limit(message: str, detail: str) -> PlanLimitError:
    hint = "delete what isn't needed any more, or give the tenant a larger plan in the registry"
    result = PlanLimitError(message, hint=hint)
    try:
        facts = json.loads(detail)
    except ValueError:  # a server that is told to be terse sends no details
        return result
    result.limit, result.plan, result.month = facts["limit"], facts["plan"], facts["month"] or ""
    result.most, result.used, result.adding = facts["most"], facts["used"], facts["adding"]
    return result
