#!/bin/sh
# The demo in containers: eight legacy databases on one server become one unified database on another.
# It is a project of its own, with passwords of its own, made anew each time, so it touches nothing else.
set -eu
cd "$(dirname "$0")"

secret() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }
POSTGRES_PASSWORD=$(secret) PAYROLLX_MIGRATOR_PASSWORD=$(secret) LEGACY_PASSWORD=$(secret)
export POSTGRES_PASSWORD PAYROLLX_MIGRATOR_PASSWORD LEGACY_PASSWORD
# Port 0 is any that is free: the demo needs none, and must not collide.
export UNIFIED_PORT=0 LEGACY_PORT=0

compose() { docker compose --project-name payrollx-demo --profile legacy --profile tool "$@"; }
tool() { compose run --rm --no-deps -T tool "$@"; }
say() { printf '\n\033[1m%s\033[0m\n' "$*" >&2; }

compose down --volumes >/dev/null 2>&1 || true
trap 'compose down --volumes >/dev/null 2>&1 || true' EXIT
trap 'exit 130' INT TERM

say "1. The image of the command line, and two servers"
compose build --quiet tool
compose up --detach --wait unified legacy

say "2. Eight legacy databases of ${EMPLOYEES:-1000} employees"
tool dev legacy --yes --employees "${EMPLOYEES:-1000}"

say "3. The unified database: its tables and roles"
tool migrate

say "4. The copy"
tool copy --from legacy

say "5. The proof"
tool verify --from legacy
say "Done; both servers are thrown away."
