# Sourced by every recipe: our own programs first, and nothing of the caller's Python or pip set-up that could break them.
# Python keeps what it compiled, whatever the caller prefers: hundreds of files that each process would compile again.
# Where packages come from (an index, a proxy, certificates) stays the caller's.
unset PYTHONHOME PYTHONPATH PYTHONSTARTUP PYTHONSAFEPATH PYTHONWARNINGS PYTHONOPTIMIZE PYTHONINSPECT PYTHONDONTWRITEBYTECODE VIRTUAL_ENV
unset PIP_TARGET PIP_PREFIX PIP_ROOT PIP_REQUIRE_VIRTUALENV PIP_NO_BINARY PIP_ONLY_BINARY PIP_REQUIREMENT PIP_NO_DEPS
export PYTHONNOUSERSITE=1 PIP_USER=0 PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1
export PATH="$PWD/.venv/bin:$PATH"
