#!/bin/sh
# The demo: a catalog's legacy databases become one unified database, and the proof that nothing was lost.
# It has a server of its own, made anew each time, so it touches nothing else.
set -eu

cli="$PWD/$BIN/payrollx-db"
catalog="${CATALOG:-payrollx}"
layout="${FROM:-legacy}"
if [ "$(id -u)" = 0 ]; then folder=/var/lib/payrollx-db; else folder="${XDG_DATA_HOME:-$HOME/.local/share}/payrollx-db"; fi
export PAYROLLX_DEV_DATA_DIR="${PAYROLLX_DEMO_DIR:-$folder/demo}"
# Whatever the caller's environment points at is not part of the demo.
for name in $(env | sed -n 's/^\([A-Z_]*DATABASE_URL\)=.*/\1/p'); do unset "$name"; done
export PAYROLLX_CATALOG="$catalog"

say() { printf '\n\033[1m%s\033[0m\n' "$*" >&2; }

"$cli" dev down --destroy >/dev/null 2>&1 || true
trap '"$cli" dev down >/dev/null 2>&1 || true' EXIT INT TERM

if [ -n "${TENANTS:-}" ]; then whom="$TENANTS tenants"; else whom="$EMPLOYEES people"; fi
say "1. A throw-away Postgres, and the legacy databases of $catalog, for $whom"
"$cli" dev up >/dev/null
if [ "$layout" = legacy ]; then set --; else set -- --from "$layout"; fi
if [ -n "${TENANTS:-}" ]; then set -- "$@" --tenants "$TENANTS"; fi
"$cli" dev legacy --employees "$EMPLOYEES" "$@"
environment=$("$cli" dev env)
eval "$environment"

say "2. The unified database: a schema a service, their tables and roles"
"$cli" migrate
# Where each tenant has a schema, those that the legacy registry names get theirs.
if [ "$catalog" = koinonia ]; then "$cli" tenant migrate --from "$layout"; fi

# What a domain has left behind that has moved out is given up by name, in the one hosting that has it.
if [ "$layout" = hybrid ]; then set -- --policy moved-out=discard; else set --; fi

say "3. The plan"
"$cli" plan --from "$layout" "$@"

say "4. The copy"
"$cli" copy --from "$layout" "$@" >/dev/null

say "5. The proof"
"$cli" verify --from "$layout" "$@"

say "Done. To look around:"
cat >&2 <<END
  export PAYROLLX_DEV_DATA_DIR=$PAYROLLX_DEV_DATA_DIR PAYROLLX_CATALOG=$catalog
  $BIN/payrollx-db dev up && eval "\$($BIN/payrollx-db dev env)"
  $BIN/payrollx-db status
  $BIN/payrollx-db dev down --destroy
END
