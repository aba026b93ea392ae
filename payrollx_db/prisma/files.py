"""The files of one Prisma schema: a file, or a folder of them."""

from pathlib import Path

from payrollx_db.errors import PrismaSchemaError
from payrollx_db.prisma.parser import parse
from payrollx_db.prisma.schema import Schema


def read(path: Path) -> Schema:
    """Read the schema in ``path``: a ``.prisma`` file, or a folder whose ``.prisma`` files, at any depth, make one.

    Raises PrismaSchemaError where nothing is there, where a file isn't UTF-8, and for what isn't of the language.
    """
    if path.is_dir():
        files = sorted(file for file in path.rglob("*.prisma") if _is_own(file.relative_to(path)))
    else:
        files = [path]
    if not files:
        raise PrismaSchemaError(
            f"{path} holds no .prisma file", hint="name the schema's file, or the folder of its files"
        )
    return parse({str(file): _text(file) for file in files})


def _is_own(file: Path) -> bool:
    # Packages bring schemas of their own, and tools leave copies in hidden folders.
    return not any(part == "node_modules" or part.startswith(".") for part in file.parts)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise PrismaSchemaError(
            f"{file} isn't UTF-8, from byte {error.start} on", hint="save it as UTF-8, as Prisma does"
        ) from None
    except OSError as error:
        raise PrismaSchemaError(
            f"{file} can't be read: {error.strerror}", hint="name a .prisma file, or a folder of them"
        ) from None
