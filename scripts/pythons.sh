#!/bin/sh
# Runs tests on the other versions of Python that this machine has, each in an environment of its own: the program's units,
# or the folders that are named. Properties are tried on few examples, for all of them are on the version in use. One
# processor, for `make test` runs tests beside it. With --prepare it makes the environments alone, all at once.
set -eu
cd "$(dirname "$0")/.."
. scripts/env.sh
rest="tests with databases, servers and the program, long repetitions"
[ $# -gt 0 ] || { set -- tests/unit; rest="$rest, the sandbox's own units (\`make faults\` runs them)"; }
used=$(python -I -c 'import sys; print("%d.%d" % sys.version_info[:2])')

find_version() { # On PATH, or where pyenv keeps what is not on PATH.
    for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python; do
        "$candidate" -I -c 'import ensurepip, sys; print(sys.executable)' 2>/dev/null && return
    done
    return 1
}

if [ "$1" = --prepare ]; then
    trap 'trap - INT TERM; kill 0' INT TERM # what runs beside a shell does not hear Ctrl-C
    made=
    for version in 3.11 3.12 3.13; do
        if [ "$version" != "$used" ] && found=$(find_version "$version"); then
            sh scripts/setup.sh dev ".venv-$version" "$found" &
            made="$made $!"
        fi
    done
    for process in $made; do wait "$process"; done
    exit
fi

failed=0
for version in 3.11 3.12 3.13; do
    [ "$version" = "$used" ] && continue
    if ! found=$(find_version "$version"); then
        echo "Not run: $* on Python $version, which is not on this machine (or has no venv module)."
        continue
    fi
    sh scripts/setup.sh dev ".venv-$version" "$found"
    echo "On Python $version: $*. Not run there: $rest."
    ".venv-$version/bin/python" -m pytest -q -p no:cacheprovider --hypothesis-profile=few \
        -m "not faults and not no_cover" "$@" || failed=1
done
exit "$failed"
