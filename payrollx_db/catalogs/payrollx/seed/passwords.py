"""The hashes of the seed's passwords: scrypt, as ``scrypt$n$r$p$salt$hash`` with both in base64."""

import base64
import hashlib
import hmac

PARTS = 5  # after the kind: three numbers, salt, hash
N, R, P = 2**13, 8, 1  # 8 MB and about 20 ms each: enough for logins that everyone knows


def hashed(password: str, salt: bytes) -> str:
    """Return what is stored of ``password``."""
    digest = hashlib.scrypt(password.encode(), salt=salt, n=N, r=R, p=P)
    return "$".join(("scrypt", str(N), str(R), str(P), _text(salt), _text(digest)))


def is_password(password: str, stored: str) -> bool:
    """Tell whether ``stored`` was made of ``password``."""
    kind, *parts = stored.split("$")
    if kind != "scrypt" or len(parts) != PARTS:
        return False
    *numbers, salt, digest = parts
    n, r, p = map(int, numbers)
    made = hashlib.scrypt(password.encode(), salt=base64.b64decode(salt), n=n, r=r, p=p)
    return hmac.compare_digest(made, base64.b64decode(digest))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
