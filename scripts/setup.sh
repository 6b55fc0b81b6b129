#!/bin/sh
# Makes a virtual environment from a lock: setup.sh run|dev|node|locks [FOLDER [PYTHON]]. Does nothing when it is current.
# With `run` and `dev`, this project is part of it, editable.
set -eu
cd "$(dirname "$0")/.."
. scripts/env.sh
lock=requirements/$1.txt
venv=${2:-.venv}
wanted=${3:-${PYTHON:-}}

fail() { printf '%s\n' "$*" >&2; exit 1; }

suits() { # PYTHON LOW HIGH: it runs, and its version lies between the two
    "$1" -I -c "import sys; sys.exit(not ($2) <= sys.version_info[:2] <= ($3))" 2>/dev/null
}

find_python() { # The versions tested first, then anything newer; never the virtual environment that a caller stands in.
    for range in '3,11 3,13' '3,14 3,99'; do
        for name in ${wanted:-python3 python3.13 python3.12 python3.11 python}; do
            suits "$name" ${range% *} ${range#* } || continue
            "$name" -I -c 'import sys; print(getattr(sys, "_base_executable", sys.executable))'
            return
        done
    done
    fail "Python 3.11 or newer is needed${wanted:+ and $wanted is not}: install it, or run 'make PYTHON=/path/to/python3.11 …'."
}

has_venv() { "$python" -I -c 'import ensurepip, venv' 2>/dev/null; }

install_venv() { # Debian and Ubuntu keep it in a package of its own
    package=$("$python" -I -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing $package, which Python needs to make virtual environments."
        { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$package"; } >/dev/null 2>&1 || true
    fi
    has_venv || fail "Python's venv module is missing: run 'sudo apt install $package' (or your system's like), then make again."
}

# What the environment was made from, and where: the folder may have been moved, a lock changed, a Python removed.
made_from() { cat "requirements/$1.txt" pyproject.toml | cksum; pwd -P; }
current() { [ "$(made_from "$1")" = "$(cat "$venv/.made-$1" 2>/dev/null)" ]; }
works() { "$venv/bin/python" -I -c 'import pip' 2>/dev/null; }

if works && { current "$1" || current dev; }; then exit 0; fi

if ! works || [ "$(pwd -P)" != "$(cat "$venv/.root" 2>/dev/null)" ]; then
    python=$(find_python)
    has_venv || install_venv
    echo "Making $venv with $("$python" -V)."
    "$python" -I -m venv --clear "$venv"
    pwd -P >"$venv/.root"
fi
echo "Installing $lock into $venv."
pip="$venv/bin/python -I -m pip install -qq --no-warn-script-location"
ours() { case $1 in run | dev) $pip --no-deps --no-build-isolation --editable . ;; esac; }
{ $pip --require-hashes --requirement "$lock" && ours "$1"; } ||
    fail "Set-up did not finish: mend what pip says above (most often the network), then run make again; it goes on from here."
made_from "$1" >"$venv/.made-$1"
