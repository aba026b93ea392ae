"""What Ctrl-C and SIGTERM do to a command: before it begins, while it works, and after it is done.

Importing takes a noticeable part of a short command. An exception that a signal raises there comes out of an import,
or is lost in a callback of the interpreter, and ends in a traceback. As long as nothing is under way, there is nothing
to tidy either: the process says that it was interrupted, and ends.
"""

import os
import signal
import sys
import time

INTERRUPTED = 130


def leave_at_once() -> None:
    """From now on, a signal ends the process on the spot: nothing has begun. One that is ignored stays so."""
    for kind in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(kind) is not signal.SIG_IGN:
            signal.signal(kind, _leave)


def interrupt_commands() -> None:
    """From now on, a signal is KeyboardInterrupt: what is under way stops, records it, and closes its sessions."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def end_as_interrupted() -> None:
    """From now on, SIGTERM does what Ctrl-C does, also where a shell has us ignore Ctrl-C itself."""
    signal.signal(signal.SIGTERM, _end)


def finish() -> None:
    """From now on, a signal comes too late: all is done, and the exit code says so."""
    for kind in (signal.SIGINT, signal.SIGTERM):
        signal.signal(kind, signal.SIG_IGN)


def _end(*_: object) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.raise_signal(signal.SIGINT)


def _leave(*_: object) -> None:
    # Without print and json, which may be just what is being imported.
    text = "payrollx-db: interrupted"
    if os.environ.get("PAYROLLX_LOG_FORMAT") == "json" or "json" in " ".join(sys.argv).replace("=", " ").split():
        at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        text = f'{{"time": "{at}", "level": "error", "message": "interrupted"}}'
    os.write(2, f"{text}\n".encode())
    os._exit(INTERRUPTED)
