"""How what a call brings is written in the registry: an e-mail address by its hash, a phone number by its digits."""

import hashlib


def email_hash(email: str) -> str:
    """Return what ``admin_email_index.email_hash`` has of an e-mail address, however it is written."""
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()


def phone_number(number: str) -> str:
    """Return a phone number as the registry writes it: a plus and digits alone, where it begins with a plus."""
    digits = "".join(letter for letter in number if letter in "0123456789")
    return f"+{digits}" if number.strip().startswith("+") else number.strip()
