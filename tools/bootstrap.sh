#!/bin/sh
# Make .venv ready: `sh tools/bootstrap.sh run` to use hubbub, `dev` (the default) to test it too,
# `bench` to measure it as well, `spark` to put a Spark beside what `dev` has.
# Needs nothing but Python 3.13 and the package registries. Quick and silent when nothing changed.
set -eu
cd "$(dirname "$0")/.."

say() { echo "hubbub: $*" >&2; }

requirements_of() {
    case $1 in
    run) echo requirements.txt ;;
    dev) echo requirements-dev.txt ;;
    bench) echo requirements-bench.txt ;;
    spark) echo requirements-spark.txt ;;
    *) say "usage: sh tools/bootstrap.sh [run|dev|bench|spark]" && return 2 ;;
    esac
}

digest_of() {
    # Whatever an installation depends on, by name and content.
    {
        find web -name node_modules -prune -o -type f -print
        ls packages/*/pyproject.toml 2>/dev/null
        ls pyproject.toml hatch_build.py packages/hubbub-synapse/pyproject.toml "$(requirements_of "$1")"
    } | LC_ALL=C sort | tr '\n' '\0' | xargs -0 cksum | cksum
}

is_ready() {
    [ -f src/hubbub/outlet/static/built-from.txt ] && [ -f ".venv/ready-$1" ] && [ "$(cat ".venv/ready-$1")" = "$PWD $(digest_of "$1")" ]
}

is_python_313() {
    # Run it: a name on the PATH may be a shim with no Python behind it.
    [ -n "$1" ] && "$1" -c 'import sys, venv; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null
}

find_python() {
    for candidate in "${PYTHON:-}" python3.13 python3 python \
        "${HOME:-}"/.pyenv/versions/3.13*/bin/python "$(uv python find 3.13 2>/dev/null || true)"; do
        if is_python_313 "$candidate"; then echo "$candidate" && return; fi
    done
    if uv --version >/dev/null 2>&1; then
        say "no Python 3.13 here: uv fetches one"
        uv python install 3.13 >&2 && uv python find 3.13 && return
    fi
    say "Python 3.13 is missing. Install it (Debian 13: apt install python3.13-venv; Ubuntu 25.04 or newer:"
    say "apt install python3.13-venv; macOS: brew install python@3.13; anywhere: uv python install 3.13),"
    say "or name one: PYTHON=/path/to/python3.13 make …"
    return 1
}

make_venv() {
    python=$(find_python)
    say "making .venv with $("$python" --version)"
    rm -rf .venv
    "$python" -m venv .venv >/dev/null || {
        # Debian's Python comes without pip until python3.13-venv is there; uv makes up for it.
        rm -rf .venv
        uv venv --quiet --python "$python" .venv
    } || {
        say "this Python cannot make an environment: install python3.13-venv, or uv"
        exit 1
    }
}

find_uv() {
    for candidate in .venv/bin/uv uv; do
        if "$candidate" --version >/dev/null 2>&1; then echo "$candidate" && return; fi
    done
    awk '/^[^ #]/ { wanted = /^uv==/ } wanted' requirements.txt >.venv/uv.txt
    .venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes \
        --requirement .venv/uv.txt >&2
    echo .venv/bin/uv
}

# Where the machine has its own list of authorities, it may know one more: a company's proxy.
if [ -s /etc/ssl/certs/ca-certificates.crt ] || [ -s /etc/pki/tls/certs/ca-bundle.crt ]; then
    export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-true}" NODE_USE_SYSTEM_CA="${NODE_USE_SYSTEM_CA:-1}"
fi

level=${1:-dev}
requirements=$(requirements_of "$level")

if [ "$level" = spark ]; then
    sh tools/bootstrap.sh dev
    say "looking for what $requirements pins (the first time fetches 400 MB)"
    exec "$(find_uv)" pip install --quiet --python .venv/bin/python --require-hashes \
        --requirement "$requirements"
fi

# What is ready for `bench` serves `dev` as well, and both serve `run`.
for ready in bench dev run; do
    if is_ready $ready; then exit 0; fi
    if [ $ready = "$level" ]; then break; fi
done

# An environment that was left half made, or moved, is made again: what it holds cannot be known.
if [ -f .venv/unfinished ] || [ "$(cat .venv/place 2>/dev/null)" != "$PWD" ] || ! is_python_313 .venv/bin/python; then
    make_venv
    echo "$PWD" >.venv/place
fi
: >.venv/unfinished
rm -f .venv/ready-run .venv/ready-dev .venv/ready-bench

uv=$(find_uv)
quiet=--quiet
if [ -t 2 ]; then quiet=; fi # a person sees how far it is
say "installing what $requirements pins (the first time takes a minute or two)"
"$uv" pip sync $quiet --python .venv/bin/python --require-hashes "$requirements"
rm -f .venv/unfinished

say "installing hubbub itself and building its pages"
"$uv" pip install $quiet --python .venv/bin/python --no-deps --no-build-isolation --editable . \
    --editable packages/hubbub-synapse
for package in packages/*/; do
    if [ -f "$package/pyproject.toml" ]; then
        "$uv" pip install $quiet --python .venv/bin/python --no-deps --no-build-isolation --editable "$package"
    fi
done
echo "$PWD $(digest_of "$level")" >".venv/ready-$level"
