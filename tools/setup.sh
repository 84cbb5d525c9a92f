#!/usr/bin/env bash
# Sets up what the project needs: Debian packages (as root), the virtual environment .venv and the pinned
# packages in it. Does nothing, quickly, when all of that is there. Whatever an interrupted run left behind is
# mended by the next. PYTHON=... names the Python to use; without it the first that suits is taken.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Written last, so a stamp means a complete setup. Line 1: what the environment is built on; when that changes
# it is built anew. Line 2: what is installed in it; when that changes, pip brings it up to date.
stamp=.venv/setup.stamp

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# Says of a Python that is new enough: version, whether it has tkinter, whether it can make a virtual
# environment, its path. The path is the real one: not a launcher's, nor an activated .venv's. Fails for others.
probe() {
    "$1" -c '
import os, sys
if sys.version_info < (3, 10):
    sys.exit(1)
def has(name):
    try:
        __import__(name)
    except ImportError:
        return "no"
    return "yes"
path = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
print(".".join(map(str, sys.version_info[:3])), has("tkinter"), has("ensurepip"), path)
' 2>/dev/null
}

# Sets version, tk, venv and python from the first Python that has both, else has venv, else is new enough.
choose_python() {
    local name found rank best='none no no ' best_rank=0
    local names=(python3 /usr/bin/python3 python3.13 python3.12 python3.11 python3.10)
    [[ -z ${PYTHON:-} ]] || names=("$PYTHON")
    for name in "${names[@]}"; do
        found=$(probe "$name") || continue
        case $found in
            *' yes yes /'*) rank=3 ;;
            *' no yes /'*) rank=2 ;;
            *) rank=1 ;;
        esac
        if ((rank > best_rank)); then best=$found best_rank=$rank; fi
        if ((rank == 3)); then break; fi
    done
    read -r version tk venv python <<<"$best"
}

# The Debian packages that mend what is missing. They mend Debian's own Python only: where another was asked
# for, or is in use already, they are no help.
missing_packages() {
    local missing=()
    if [[ $python == /usr/bin/* || ($state == new && -z ${PYTHON:-}) ]]; then
        [[ $venv == yes && $tk == yes ]] || missing=(python3-venv python3-tk)
    fi
    command -v Xvfb >/dev/null || missing+=(xvfb)
    echo "${missing[*]}"
}

install_packages() {
    local output
    say "installing Debian packages: $*"
    output=$(
        exec 2>&1 </dev/null 8>/run/tictactoe-setup.lock
        flock 8 # two setups on one machine take turns
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq &&
            apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=600 "$@"
    ) || say "apt-get failed: $output"
}

# Two setups in one folder take turns as well.
exec 9<tools/setup.sh
if command -v flock >/dev/null; then flock 9; fi

files_key=$(cat requirements.txt requirements-dev.txt pyproject.toml tools/setup.sh | cksum)

# What is there? new: nothing of use. stale: complete, with other packages. ready: complete, as it should be.
state=new
if [[ -f $stamp ]] && found=$(probe .venv/bin/python); then
    read -r version tk venv python <<<"$found"
    { read -r had_base && read -r had_files; } <"$stamp" || had_base=''
    if [[ $had_base == "$PWD $version $python" ]]; then
        if [[ $had_files == "$files_key" ]]; then state=ready; else state=stale; fi
    fi
    if [[ -n ${PYTHON:-} && $(probe "$PYTHON") != *" $python" ]]; then state=new; fi
fi
if [[ $state == new ]]; then choose_python; fi

packages=$(missing_packages)
if [[ -n $packages && $EUID == 0 ]] && command -v apt-get >/dev/null; then
    # shellcheck disable=SC2086 # a list of words
    install_packages $packages
    if [[ $state == new ]]; then choose_python; else tk=$(probe .venv/bin/python | cut -d ' ' -f 2); fi
    packages=$(missing_packages)
fi

hint="On Debian or Ubuntu: sudo apt-get install -y $packages"
if [[ -z $python ]]; then
    [[ -z ${PYTHON:-} ]] || die "$PYTHON is not a Python 3.10 or newer"
    die "no Python 3.10 or newer found. $hint"
fi
[[ $venv == yes || $state != new ]] || die "$python cannot make virtual environments. $hint"
if [[ $tk == no ]]; then
    say "$python has no tkinter, so there will be no windows"
fi
if [[ -n $packages ]]; then say "going on without $packages. $hint"; fi

[[ $state != ready ]] || exit 0

rm -f "$stamp"
if [[ $state == new ]]; then
    say "making .venv with Python $version ($python)"
    rm -rf .venv
    "$python" -m venv .venv
fi
say "installing the pinned packages"
pip=(.venv/bin/python -m pip -qq --disable-pip-version-check --no-input)
"${pip[@]}" install -r requirements-dev.txt </dev/null
# Python 3.10 and 3.11 put a setuptools of their own into every environment. Nothing here uses it, and it costs
# each start of a process 2 ms.
"${pip[@]}" uninstall --yes setuptools
"${pip[@]}" check
printf '%s\n' "$PWD $version $python" "$files_key" >"$stamp.new"
mv "$stamp.new" "$stamp"
say "done"
