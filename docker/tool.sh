#!/bin/sh
# Put the passwords where libpq looks for them, then become payrollx-db.
set -eu

# One field of a password file: colons and backslashes are escaped there.
field() { printf '%s' "$1" | sed 's/[\\:]/\\&/g'; }

if [ -n "${PGPASSFILE:-}" ] && [ -n "${MIGRATOR_PASSWORD:-}" ]; then
    umask 077
    {
        printf 'unified:5432:*:migrator:%s\n' "$(field "$MIGRATOR_PASSWORD")"
        printf 'legacy:5432:*:postgres:%s\n' "$(field "${LEGACY_PASSWORD:-}")"
    } >"$PGPASSFILE"
fi
unset MIGRATOR_PASSWORD LEGACY_PASSWORD
exec payrollx-db "$@"
