#!/bin/sh
# Runs the unit tests on the other versions of Python that this machine has, each in an environment of its own; properties
# are tried on few examples, for all of them are on the version in use. One processor, for `make test` runs tests beside it.
set -eu
cd "$(dirname "$0")/.."
. scripts/env.sh
used=$(python -I -c 'import sys; print("%d.%d" % sys.version_info[:2])')

find_version() { # On PATH, or where pyenv keeps what is not on PATH.
    for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python; do
        "$candidate" -I -c 'import ensurepip, sys; print(sys.executable)' 2>/dev/null && return
    done
    return 1
}

failed=0
for version in 3.11 3.12 3.13; do
    [ "$version" = "$used" ] && continue
    if ! found=$(find_version "$version"); then
        echo "Not run: unit tests on Python $version, which is not on this machine (or has no venv module)."
        continue
    fi
    sh scripts/setup.sh dev ".venv-$version" "$found"
    echo "Unit tests on Python $version. Not run there: tests with databases, servers and the program, and long repetitions."
    ".venv-$version/bin/python" -m pytest -q -p no:cacheprovider --hypothesis-profile=few \
        -m "not faults and not no_cover" tests/unit tests/sandbox/unit || failed=1
done
exit "$failed"
