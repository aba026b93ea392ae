#!/bin/sh
# Migrate the unified database: that of DATABASE_URL (or of .env), else the embedded server's.
set -eu

cli="$PWD/$BIN/payrollx-db"
if [ -z "${DATABASE_URL:-}" ] && ! grep -qs '^[[:space:]]*\(export \)\{0,1\}DATABASE_URL=' .env; then
  "$cli" dev up
  environment=$("$cli" dev env)
  eval "$environment"
fi
exec "$cli" migrate
