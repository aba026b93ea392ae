"""Takes passwords out of text that somebody else wrote: a server, a driver, another program."""

import re
from urllib.parse import quote

from payrollx_db.postgres.url import DatabaseUrl

MASK = "***"

SECRETS = ("password", "sslpassword")  # the parameters of a URL that are one
# What may be looked for everywhere: eight characters or more, and not only those of an ordinary name.
DISTINCT = re.compile(r"(?=.{8}).*[^a-z_-].*", re.DOTALL)

# Where a password stands as one, whosever it is: in a URL, in a connection string or a query, in SQL.
IN_URL = re.compile(r"(?<=://)([^\s/:@?]*):[^\s/]*@")
NAMED = re.compile(r"\b((?:ssl)?password)(\s*=\s*|\s+(?='))('(?:[^'\\]|\\.|'')*'|[^\s&'\"]+)", re.IGNORECASE)


def mask(text: str, url: DatabaseUrl | None = None) -> str:
    """Return ``text`` with ``***`` for every password that stands as one, and for the URL's own as a word.

    The URL's own password is looked for by itself only where it can be nothing else: `postgres` or `ro` may well be
    the name of something that the text speaks of.
    """
    text = NAMED.sub(rf"\1\2{MASK}", IN_URL.sub(rf"\1:{MASK}@", text))
    for secret in _distinct_secrets(url) if url else ():
        text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", MASK, text)
    return text


def _distinct_secrets(url: DatabaseUrl) -> set[str]:
    names = {text for name, text in url.params.items() if name not in SECRETS}
    secrets = {url.params[name] for name in SECRETS if name in url.params} - names
    distinct = {secret for secret in secrets if DISTINCT.fullmatch(secret)}
    return distinct | {quote(secret, safe="") for secret in distinct}
