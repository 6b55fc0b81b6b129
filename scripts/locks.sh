#!/bin/sh
# Makes the locks anew: every platform and Python at once, with hashes, and without the address of any index.
# `locks.sh --upgrade` takes the newest releases that pyproject.toml allows; without it, what is locked stays.
set -eu
cd "$(dirname "$0")/.."
. scripts/env.sh
sh scripts/setup.sh locks .venv-locks
# Extras stay in the locks: without them pip takes the newest release for an extra that a dependency asks for, and then
# misses its hash.
lock() { # NAME, then what to lock
    name=$1
    shift
    .venv-locks/bin/uv pip compile --no-config --quiet --universal --python-version 3.11 --generate-hashes \
        --no-strip-extras --no-header --no-annotate --only-binary :all: \
        --output-file "requirements/$name.txt" "$@"
}
lock run "$@" --constraint requirements/constraints.in --extra inngest --extra sandbox --group build pyproject.toml
lock dev "$@" --constraint requirements/constraints.in --constraint requirements/run.txt \
    --extra inngest --extra sandbox --group build --group dev pyproject.toml
lock node "$@" --group node
lock locks "$@" --group locks
npm install --package-lock-only --ignore-scripts
