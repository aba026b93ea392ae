#!/bin/sh
# Run one command on the unified database: that of DATABASE_URL (or of .env), else the embedded server's.
set -eu

cli="$PWD/$BIN/payrollx-db"
if [ -z "${DATABASE_URL:-}" ] && ! grep -qs '^[[:space:]]*\(export \)\{0,1\}DATABASE_URL=' .env; then
  "$cli" dev up >&2
  environment=$("$cli" dev env)
  eval "$environment"
fi
exec "$cli" "$@"
