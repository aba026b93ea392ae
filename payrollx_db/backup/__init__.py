"""One service at a time: backed up, restored, handed over to a database of its own, and taken back.

A backup is a folder with a dump by ``pg_dump`` and a manifest that says what is in it. Everything else is
made of the two: a restore reads one, an export writes one here and restores it there.
"""
