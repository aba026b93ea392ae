#!/bin/sh
# The demo: eight legacy databases become one unified database, and the proof that nothing was lost.
# It has a server of its own, made anew each time, so it touches nothing else.
set -eu

cli="$PWD/$BIN/payrollx-db"
if [ "$(id -u)" = 0 ]; then folder=/var/lib/payrollx-db; else folder="${XDG_DATA_HOME:-$HOME/.local/share}/payrollx-db"; fi
export PAYROLLX_DEV_DATA_DIR="${PAYROLLX_DEMO_DIR:-$folder/demo}"
# Whatever the caller's environment points at is not part of the demo.
for name in $(env | sed -n 's/^\([A-Z_]*DATABASE_URL\)=.*/\1/p'); do unset "$name"; done

say() { printf '\n\033[1m%s\033[0m\n' "$*" >&2; }

"$cli" dev down --destroy >/dev/null 2>&1 || true
trap '"$cli" dev down >/dev/null 2>&1 || true' EXIT INT TERM

say "1. A throw-away Postgres, and eight legacy databases of $EMPLOYEES employees"
"$cli" dev up >/dev/null
"$cli" dev legacy --employees "$EMPLOYEES"
environment=$("$cli" dev env)
eval "$environment"

say "2. The unified database: eight schemas, their tables and roles"
"$cli" migrate

say "3. The plan"
"$cli" plan --from legacy

say "4. The copy"
"$cli" copy --from legacy >/dev/null

say "5. The proof"
"$cli" verify --from legacy

say "Done. To look around:"
cat >&2 <<END
  export PAYROLLX_DEV_DATA_DIR=$PAYROLLX_DEV_DATA_DIR
  $BIN/payrollx-db dev up && eval "\$($BIN/payrollx-db dev env)"
  $BIN/payrollx-db status
  $BIN/payrollx-db dev down --destroy
END
