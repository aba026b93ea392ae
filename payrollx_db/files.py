"""Files that people keep: written whole or not at all."""

import errno
import os
import tempfile
from pathlib import Path

from payrollx_db.errors import ConfigurationError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # the disk is full, or what one may use of it is used up


def write_whole(file: Path, text: str) -> None:
    """Write a text file in place of what is there. Raises ConfigurationError where it can't, and leaves that then."""
    file = file.resolve()
    try:
        if file.exists() and not file.is_file():  # /dev/stdout, a pipe: nothing to put another file in place of
            file.write_text(text, encoding="utf-8")
            return
        descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
            mask = os.umask(0)
            os.umask(mask)
            Path(name).chmod(0o666 & ~mask)
            Path(name).replace(file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        hint = (
            "make room there, or name a file elsewhere"
            if error.errno in NO_ROOM
            else "name a file in an existing folder"
        )
        raise ConfigurationError(f"can't write {file}: {error.strerror}", hint=hint) from None
