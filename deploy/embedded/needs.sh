#!/bin/sh
# Names everything that is missing at once, with the one command that installs it on Debian.
python=${PYTHON:-python3.11}
missing= packages=

lacks() { # what it is, Debian's package
    missing="$missing${missing:+, }$1" packages="$packages $2"
}

has() { command -v "$1" >/dev/null 2>&1; }

if has "$python" && "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        lacks "Python's venv" python3.11-venv
    "$python" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' ||
        lacks "Python's headers" python3.11-dev
else
    lacks "Python 3.11 with venv and headers" "python3.11 python3.11-venv python3.11-dev"
fi
has git || lacks git git
has make || lacks make make
has g++ || lacks "a C++ compiler" g++

[ -z "$missing" ] && exit 0
echo "Missing: $missing. On Debian: apt-get install$packages" >&2
exit 1
