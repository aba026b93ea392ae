"""How numbers of things are said."""


def counted(number: int, noun: str) -> str:
    """Return so many of a thing whose plural ends with an s: ``1 row``, ``2,000 rows``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
