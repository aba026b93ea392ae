"""What a new church is asked for, and its first rows: in the registry, the routes to it, and its first admin.

No password is asked for: the admin is invited, and chooses one. The application sends the invitation's token.
"""

import secrets
from collections.abc import Mapping

from payrollx_db.catalogs.koinonia.routing import email_hash, phone_number
from payrollx_db.model.template import SignUp
from payrollx_db.postgres import query_files

queries = query_files.beside(__name__)

KEY_BYTES = 12  # of a new row's key, beside its c


def _key(_: Mapping[str, str]) -> str:
    return "c" + secrets.token_hex(KEY_BYTES)


def _invitation(_: Mapping[str, str]) -> str:
    return secrets.token_urlsafe()


def _email_hash(details: Mapping[str, str]) -> str:
    return email_hash(details["admin_email"])


def _phone_number(details: Mapping[str, str]) -> str:
    return phone_number(details.get("phone", ""))


SIGN_UP = SignUp(
    {
        "name": "the church's name", "email": "its e-mail address", "phone": "its number, such as +12025550123",
        "plan": "starter, growth or pro; without it, starter", "admin_email": "the first admin's e-mail address",
        "admin_first_name": "the first admin's first name", "admin_last_name": "and their last name",
    },
    tuple(
        queries.load(f"sign_up/{name}") for name in ("church", "tenant", "number", "index", "admin", "subscription")
    ),
    optional=frozenset({"phone", "plan"}),
    derived={
        "email_hash": _email_hash, "phone_number": _phone_number, "invitation": _invitation,
        **dict.fromkeys(("admin_id", "index_id", "number_id", "subscription_id"), _key),
    },
)  # fmt: skip
